"""Pages that wait for results show them, and tell of a slow queue and of what was lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import ANSWER, assert_good, log_in, sign_up


@pytest.fixture
def waiting(page: Page, lesion, choose, worker_halted):
    """Return the page of a picture that waits, and the address of the person who sent it in."""
    email = sign_up(page)
    with worker_halted():
        choose(lesion("waiting.jpg"))
        page.get_by_role("button", name="Analyse").click()
        page.wait_for_url("**/results/**")
        yield page, email


def assert_asks_no_more(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)
    assert asked == []


def test_a_picture_that_was_deleted_elsewhere_is_said_to_be_gone(waiting):
    page, _ = waiting
    elsewhere = page.context.new_page()
    elsewhere.goto(page.url)
    elsewhere.get_by_role("link", name="Delete").click()
    elsewhere.get_by_role("button", name="Delete for good").click()
    expect(elsewhere.get_by_text("The picture and its result are deleted.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("This picture is gone")
    expect(page.get_by_role("alert")).to_contain_text("It was deleted while this page was open")
    expect(page).to_have_title(re.compile("^This picture is gone"))
    expect(page.locator("main img")).to_have_count(0)
    assert_good(page)
    assert_asks_no_more(page)
    page.get_by_role("link", name="To your history").click()
    page.wait_for_url("**/history/")


def test_after_signing_in_again_a_person_comes_to_the_whole_page(waiting):
    page, email = waiting
    result = page.url
    page.context.clear_cookies()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
    expect(page.get_by_label("Password")).to_have_count(0)
    expect(page.locator("main img")).to_have_count(0)
    assert_good(page)
    assert_asks_no_more(page)
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    log_in(page, email)
    page.wait_for_url(result)
    expect(page.get_by_role("link", name="History", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Your picture is waiting for its turn"
    )


def test_while_the_worker_is_away_the_picture_is_said_to_be_kept(
    page: Page, lesion, choose, worker_halted, site
):
    sign_up(page)
    sentence = "your picture is kept and will be analysed"
    with worker_halted():
        choose(lesion("delayed.jpg"))
        page.get_by_role("button", name="Analyse").click()
        page.wait_for_url("**/results/**")
        expect(page.get_by_text("This usually takes a few seconds.")).to_be_visible()
        with site.database() as database:
            database.execute(
                "UPDATE classifier_submission SET queued_at = '2026-01-01 00:00:00' "
                "WHERE original_name = 'delayed.jpg'"
            )
        expect(page.get_by_role("strong").filter(has_text=sentence)).to_be_visible()
        expect(page.locator("#announcement")).to_contain_text(sentence)
        assert_good(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(ANSWER, timeout=60_000)


@pytest.fixture
def waiting_history(page: Page, lesion, choose, worker_halted):
    """Return a function that opens the history of two pictures, which wait until it is left."""
    email = sign_up(page)

    @contextmanager
    def opened() -> Iterator[str]:
        with worker_halted():
            choose(lesion("one.jpg", 1), lesion("two.jpg", 2))
            page.get_by_role("button", name="Analyse").click()
            expect(page.get_by_text("2 of 2 accepted.")).to_be_visible()
            page.goto("/history/")
            expect(page.get_by_text("2 pictures are being analysed.")).to_be_visible()
            yield email

    return opened


def test_rows_that_wait_turn_into_results_by_one_request_for_all(page: Page, waiting_history):
    asked: list[str] = []
    with waiting_history():
        page.evaluate("window.neverReloaded = true")
        page.on("request", lambda request: asked.append(request.url))
        page.wait_for_event("requestfinished", lambda request: "/history/waiting/" in request.url)
        assert len(asked) == 1
        assert asked[0].count("queued=") == 2
        assert_good(page)
    ended = "Nothing is being analysed any more."
    expect(page.locator("#announcement")).to_contain_text(ended, timeout=60_000)
    expect(page.locator("#waiting")).to_have_count(0)
    expect(page.locator(".outcome")).not_to_contain_text(["Waiting", "Waiting"])
    expect(page.locator(".outcome .verdict")).to_have_count(2)
    assert page.evaluate("window.neverReloaded")
    assert_asks_no_more(page)


def test_a_history_tells_what_was_deleted_elsewhere_and_that_one_is_signed_out(
    page: Page, waiting_history
):
    with waiting_history() as email:
        elsewhere = page.context.new_page()
        elsewhere.goto("/history/")
        elsewhere.get_by_role("link", name="Delete one.jpg").click()
        elsewhere.get_by_role("button", name="Delete for good").click()
        expect(page.get_by_text("This picture is gone")).to_be_visible()
        expect(page.get_by_text("1 picture is being analysed.")).to_be_visible()
        expect(page.get_by_role("link", name="Result of one.jpg")).to_have_count(0)
        assert_good(page)
        page.context.clear_cookies()
        expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
        assert_asks_no_more(page)
        page.get_by_role("main").get_by_role("link", name="Sign in").click()
        log_in(page, email)
        page.wait_for_url("**/history/")
