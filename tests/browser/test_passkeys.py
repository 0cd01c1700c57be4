"""Passkeys can be added, replace the password, serve as a second factor, and fail in words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.visitor import PASSWORD, assert_good, log_in, sign_up


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict, site) -> dict:
    # Browsers keep passkeys only for names and not for numeric addresses.
    by_name = site.address.replace("127.0.0.1", "localhost")
    return {**browser_context_args, "base_url": by_name}


@pytest.fixture
def finger(page: Page) -> Iterator[CDPSession]:
    """Return a device that keeps passkeys, whose owner always shows a finger."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield session
    session.detach()


def open_form(page: Page) -> None:
    page.goto("/accounts/2fa/")
    page.get_by_role("link", name="Add", exact=True).click()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.get_by_label("Name")).to_be_visible()
    assert_good(page)


def add(page: Page, *, passwordless: bool) -> None:
    open_form(page)
    page.get_by_label("Passwordless").set_checked(passwordless)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name="Recovery Codes")).to_be_visible()


def log_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("/")
    page.goto("/accounts/login/")


def test_a_passkey_replaces_the_password(page: Page, finger):
    sign_up(page)
    add(page, passwordless=True)
    page.goto("/accounts/2fa/webauthn/")
    expect(page.get_by_text("Passkey", exact=True)).to_be_visible()
    assert_good(page)
    log_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("/upload/")


def test_a_security_key_is_asked_for_after_the_password(page: Page, finger):
    email = sign_up(page)
    add(page, passwordless=False)
    log_out(page)
    log_in(page, email)
    page.wait_for_url("**/2fa/authenticate/**")
    assert_good(page)
    page.get_by_role("button", name="Use a security key").click()
    page.wait_for_url("/upload/")
    page.goto("/accounts/2fa/webauthn/")
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("link", name="Use a security key").click()
    page.get_by_role("button", name="Use a security key").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("You have added none")).to_be_visible()


def test_what_the_browser_refuses_is_said_in_a_sentence(page: Page, site):
    page.goto(site.address + "/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("your own machine that is localhost")
    assert_good(page)
