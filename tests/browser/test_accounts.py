"""People come back: they log in and out, and replace a forgotten password."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.visitor import assert_good, log_in, sign_up
from tests.serve.waiting import wait_until
from tests.site import Site


def links_to(email: str, site: Site) -> list[str]:
    """Return the links to a new password that were mailed to ``email``."""
    mails = re.split(r"Subject: ", site.log.read_text())
    found = [re.search(r"https?://\S+/password/reset/key/\S+\n", mail) for mail in mails]
    return [
        link[0].strip() for mail, link in zip(mails, found, strict=True) if link and email in mail
    ]


def log_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("/")


def test_a_person_logs_out_and_in_again(page: Page):
    email = sign_up(page)
    log_out(page)
    page.goto("/history/")
    page.wait_for_url("**/accounts/login/**")
    log_in(page, email, "not the password")
    expect(page.get_by_text("The email address and/or password you specified")).to_be_visible()
    assert_good(page)
    log_in(page, email)
    page.wait_for_url("/history/")


def test_a_forgotten_password_is_replaced_by_the_link_in_the_mail(page: Page, site: Site):
    email = sign_up(page)
    log_out(page)
    page.goto("/accounts/login/")
    page.get_by_role("link", name="Forgot").click()
    page.get_by_label("Email", exact=True).fill(email)
    page.get_by_role("button", name="Reset").click()
    page.wait_for_url("**/password/reset/done/")
    wait_until(lambda: links_to(email, site))
    page.goto(*links_to(email, site))
    assert_good(page)
    page.get_by_label("New Password", exact=True).fill("an even better battery")
    page.get_by_label("New Password (again)").fill("an even better battery")
    page.get_by_role("button", name="Change").click()
    page.wait_for_url("**/password/reset/key/done/")
    assert_good(page)
    page.goto("/accounts/login/")
    log_in(page, email, "an even better battery")
    page.wait_for_url("/upload/")
