"""Every page fits the screen and breaks no rule of accessibility."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.visitor import REJECTED, assert_good, sign_up

PUBLIC = [
    "/",
    "/about/",
    "/samples/",
    "/samples/melanoma/",
    "/samples/seborrheic-keratosis/",
    "/models/",
    "/models/lesion-net/",
    "/models/seven-stage/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/confirm-email/",
    "/accounts/inactive/",
    "/no-such-page",
]
PRIVATE = [
    "/upload/",
    "/history/",
    "/history/?status=failed",
    "/history/?date_from=never",
    "/accounts/email/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/account/data/",
    "/account/devices/",
    "/account/delete/",
    "/accounts/password/change/",
    "/accounts/logout/",
]

#: These are the sizes of a small phone, a phone and a desktop.
SIZES = [(360, 740), (390, 844), (1440, 900)]


def assert_good_on_every_screen(page: Page) -> None:
    """Check the page that is open at every size and in both colours.

    It need not be loaded again for each of them, because the server answers all of them alike.
    """
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for colours in ("light", "dark"):
            page.emulate_media(color_scheme=colours)
            assert_good(page)


def test_pages_for_everybody_fit_the_screen_and_are_accessible(page: Page):
    for path in PUBLIC:
        page.goto(path)
        assert_good_on_every_screen(page)


def test_pages_for_a_person_fit_the_screen_and_are_accessible(page: Page, lesion, blank, choose):
    sign_up(page)
    for path in PRIVATE:
        page.goto(path)
        assert_good_on_every_screen(page)
    page.goto("/upload/")
    choose(lesion(), lesion("a-very-long-name-" * 6 + ".jpg", 1))
    assert_good_on_every_screen(page)
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_text("2 of 2 accepted.")).to_be_visible()
    expect(page.locator(".files .outcome .verdict")).to_have_count(2, timeout=60_000)
    assert_good_on_every_screen(page)
    for path in ("/", "/history/", "/history/?view=grid"):
        page.goto(path)
        assert_good_on_every_screen(page)
    page.get_by_role("button", name="Choose all on this page").click()
    assert_good_on_every_screen(page)
    page.get_by_role("button", name="Delete the chosen ones").click()
    page.wait_for_url("**/history/delete/?chosen=*")
    assert_good_on_every_screen(page)
    page.get_by_role("link", name="Keep them").click()
    page.get_by_role("link", name="Result of mole.jpg").click()
    expect(page.get_by_role("heading", name="What to do next")).to_be_visible(timeout=30_000)
    assert_good_on_every_screen(page)
    page.get_by_role("link", name="Delete").click()
    page.wait_for_url("**/delete/")
    assert_good_on_every_screen(page)
    page.goto("/upload/")
    page.get_by_text("I know the scale of my pictures").click()
    assert_good_on_every_screen(page)
    choose(blank)
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(REJECTED, timeout=30_000)
    assert_good_on_every_screen(page)
