"""The page's script sends each picture by itself, and none twice."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.breaking_proxy import BreakingProxy
from tests.browser.visitor import assert_good, log_in, sign_up
from tests.site import Site


def rows(page: Page) -> Locator:
    return page.get_by_role("list", name="Chosen pictures").get_by_role("listitem")


def stored(site: Site, prefix: str) -> list[str]:
    """Return the names of all submissions that begin with ``prefix``."""
    query = "SELECT original_name FROM classifier_submission WHERE original_name LIKE ?"
    with site.database() as database:
        return sorted(name for (name,) in database.execute(query, [f"{prefix}%"]))


@pytest.fixture
def line(site: Site):
    with BreakingProxy(site.port) as proxy:
        yield proxy


@pytest.fixture
def expected_complaints() -> list[str]:
    return [r"net::ERR_(EMPTY_RESPONSE|CONNECTION_\w+|SOCKET_NOT_CONNECTED)"]


@pytest.mark.parametrize("lost", ["request", "answer"])
def test_a_connection_that_breaks_costs_one_picture_its_time_and_none_is_sent_twice(
    page: Page, lesion, choose, site, line, lost
):
    sign_up(page)
    page.goto(f"{line.address}/upload/")
    names = [f"{lost}-{number}.jpg" for number in (1, 2, 3)]
    choose(*(lesion(name, seed) for seed, name in enumerate(names)))
    line.losing, line.after_answer = b'filename="%s"' % names[1].encode(), lost == "answer"
    page.get_by_role("button", name="Analyse").click()
    first, second, third = rows(page).all()
    expect(second).to_contain_text("The connection broke off.")
    expect(first).to_contain_text("Accepted")
    expect(first.get_by_role("link", name=f"See the result of {names[0]}")).to_be_visible()
    expect(third).to_contain_text("Not sent yet")
    news = page.locator("[data-news]")
    expect(news).to_contain_text("1 of 3 accepted.")
    expect(news).to_contain_text(f"{names[1]}: The connection broke off.")
    assert_good(page)
    assert stored(site, lost) == names[: 2 if lost == "answer" else 1]

    line.losing = b""
    second.get_by_role("button", name=f"Try again: {names[1]}").click()
    expect(news).to_contain_text("3 of 3 accepted.")
    assert stored(site, lost) == names


def test_who_is_signed_out_meanwhile_signs_in_elsewhere_and_goes_on(page: Page, lesion, choose):
    email = sign_up(page)
    choose(lesion("patient.jpg"))
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Analyse").click()
    expect(rows(page)).to_contain_text("Sign in again, in another window")
    page.context.clear_cookies()
    page.get_by_role("button", name="Try again: patient.jpg").click()
    expect(rows(page)).to_contain_text("Sign in again, in another window.")
    assert_good(page)
    elsewhere = page.context.new_page()
    elsewhere.goto("/accounts/login/")
    log_in(elsewhere, email)
    elsewhere.wait_for_url("/upload/")
    page.get_by_role("button", name="Try again: patient.jpg").click()
    page.wait_for_url("**/results/**")


def test_a_page_asks_before_it_goes_with_pictures_that_are_not_sent(page: Page, lesion, choose):
    sign_up(page)
    choose(lesion("kept.jpg"))
    # Chromium asks only where somebody has done something on the page.
    page.get_by_role("heading", name="Upload a picture").click()
    page.on("dialog", lambda dialog: dialog.dismiss())
    with page.expect_event("dialog") as asked:
        page.evaluate("setTimeout(() => window.location.reload())")
    assert asked.value.type == "beforeunload"
    expect(rows(page)).to_contain_text("kept.jpg")
    page.get_by_role("button", name="Remove kept.jpg").click()
    # Nobody is asked now, or the page would stay and this would take too long.
    page.reload()
    expect(rows(page)).to_have_count(0)


def test_a_refused_file_is_named_and_the_good_one_beside_it_goes_through(
    page: Page, lesion, choose
):
    sign_up(page)
    bad = {"name": "notes.jpg", "mimeType": "image/jpeg", "buffer": b"these are no pixels"}
    choose(bad, lesion("good.jpg"))
    page.get_by_role("button", name="Analyse").click()
    refused, accepted = rows(page).all()
    expect(refused).to_contain_text("This is not a picture we can read")
    expect(refused.get_by_role("button", name="Try again")).to_have_count(0)
    expect(page.locator("[data-news]")).to_contain_text("1 of 2 accepted. 1 refused")
    expect(page.get_by_role("button", name="Analyse")).to_be_disabled()
    assert_good(page)
    accepted.get_by_role("link", name="good.jpg").click()
    page.wait_for_url("**/results/**")


def test_chosen_pictures_are_previewed_and_sending_shows_its_progress(page: Page, lesion, choose):
    sign_up(page)
    choose(lesion("small.jpg"), lesion("large.jpg", 1, (2400, 1800)))
    for name, row in zip(("small.jpg", "large.jpg"), rows(page).all(), strict=True):
        expect(row).to_contain_text(name)
        preview = row.locator("img")
        expect(preview).to_have_js_property("complete", value=True)
        assert preview.evaluate("image => image.naturalWidth") > 0
    # At this speed the chosen pictures take about two seconds.
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 150_000}
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", slow)
    page.get_by_role("button", name="Analyse").click()
    progress = page.get_by_role("progressbar", name="Sending large.jpg")
    expect(rows(page).nth(1)).to_contain_text(re.compile(r"[1-9]\d? % sent"))
    assert 0 < progress.evaluate("bar => bar.value") < 100
    expect(rows(page).first).to_contain_text("Accepted")
    expect(page.get_by_role("button", name="Analyse")).to_be_disabled()
    expect(page.locator("[data-news]")).to_contain_text("2 of 2 accepted.")


def test_results_appear_beside_the_pictures_by_one_request_for_all(
    page: Page, lesion, choose, worker_halted
):
    sign_up(page)
    asked: list[str] = []
    page.on(
        "request", lambda request: "/history/waiting/" in request.url and asked.append(request.url)
    )
    with worker_halted():
        choose(lesion("one.jpg", 1), lesion("two.jpg", 2))
        page.get_by_role("button", name="Analyse").click()
        expect(page.locator("[data-news]")).to_contain_text("The results appear here")
        # The first question may have been asked before the second picture was accepted.
        for _ in range(2):
            page.wait_for_event("requestfinished", lambda request: request.url in asked)
        assert asked[-1].count("queued=") == 2
        choose(lesion("three.jpg", 3))
        assert_good(page)
        page.get_by_role("button", name="Analyse").click()
        expect(page.locator("[data-news]")).to_contain_text("3 of 3 accepted.")
    expect(rows(page).locator(".outcome .verdict")).to_have_count(3, timeout=60_000)
    ended = "Nothing is being analysed any more."
    expect(page.locator("#announcement")).to_contain_text(ended, timeout=60_000)
    assert page.url.endswith("/upload/")
    expect(rows(page).get_by_text("Accepted")).to_have_count(3)
    expect(rows(page).get_by_text("Accepted").first).to_be_hidden()
    assert_good(page)
    asked.clear()
    page.wait_for_timeout(2500)
    assert asked == []
    rows(page).first.get_by_role("link", name="See the result of one.jpg").click()
    page.wait_for_url("**/results/**")


def test_who_is_signed_out_while_results_are_awaited_keeps_the_page(
    page: Page, lesion, choose, worker_halted
):
    email = sign_up(page)
    with worker_halted():
        choose(lesion("one.jpg", 1), lesion("two.jpg", 2))
        page.get_by_role("button", name="Analyse").click()
        expect(page.locator("[data-news]")).to_contain_text("2 of 2 accepted.")
        choose(lesion("unsent.jpg", 3))
        page.context.clear_cookies()
        expect(page.locator("[data-news]")).to_contain_text("You are signed out, so no results")
        expect(rows(page)).to_have_count(3)
        # Nobody asks any more.
        expect(page.locator("#waiting")).to_have_count(0)
        elsewhere = page.context.new_page()
        elsewhere.goto("/accounts/login/")
        log_in(elsewhere, email)
        elsewhere.wait_for_url("/upload/")
        page.get_by_role("button", name="Analyse").click()
        expect(page.locator("[data-news]")).to_contain_text("3 of 3 accepted.")
    expect(rows(page).locator(".outcome .verdict")).to_have_count(3, timeout=60_000)
