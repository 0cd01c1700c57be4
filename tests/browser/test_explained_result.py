"""A person uses what explains a result: the heat map, the picture of people, the rejection."""

from __future__ import annotations

import subprocess
import sys

import pytest
from playwright.sync_api import Page, expect

from tests import PASSWORD
from tests.browser.visitor import (
    ANSWER,
    REJECTED,
    assert_good,
    log_in,
    sign_up,
    wait_without_javascript,
)
from tests.site import ROOT, Site


@pytest.fixture
def result(page: Page, lesion, choose) -> Page:
    """Return the page of a result that has just arrived."""
    sign_up(page)
    page.get_by_text("I know the scale of my pictures").click()
    page.get_by_label("Pixels per millimetre").fill("40")
    choose(lesion(seed=2))
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(ANSWER, timeout=30_000)
    return page


def test_the_heat_map_fades_over_the_picture_by_mouse_and_by_keyboard(result: Page):
    overlay = result.locator("#heat-map")
    expect(overlay).to_be_hidden()
    result.get_by_text("Heat map", exact=True).click()
    expect(overlay).to_have_js_property("complete", value=True)
    assert overlay.evaluate("image => image.naturalWidth") > 0
    layers = result.locator(".layers img")
    assert layers.nth(0).bounding_box() == layers.nth(1).bounding_box()
    slider = result.get_by_role("slider", name="Strength of the heat map")
    expect(slider).to_have_value("70")
    expect(overlay).to_have_css("opacity", "0.7")
    slider.focus()
    for _ in range(4):
        result.keyboard.press("ArrowRight")
    expect(overlay).to_have_css("opacity", "0.9")
    result.keyboard.press("Home")
    expect(overlay).to_have_css("opacity", "0")
    result.keyboard.press("End")
    expect(overlay).to_have_css("opacity", "1")
    slider.fill("50")
    expect(overlay).to_have_css("opacity", "0.5")
    result.get_by_role("checkbox", name="Heat map").press("Space")
    expect(overlay).to_be_hidden()
    result.reload()
    result.get_by_text("Heat map", exact=True).click()
    expect(overlay).to_have_css("opacity", "0.7")
    expect(slider).to_have_value("70")


def test_people_are_counted_at_the_chosen_base_rate_by_mouse_and_by_keyboard(result: Page):
    result.get_by_text("What this answer means for people").click()
    people = result.get_by_role("img", name="of 1,000 people drawn")
    expect(people).to_have_count(1)
    drawn = {}
    for rate in ("1 in 10", "1 in 100", "1 in 1,000"):
        result.get_by_text(rate, exact=True).click()
        expect(people).to_have_count(1)
        drawn[rate] = int(people.get_attribute("aria-label").split()[0])
        expect(result.get_by_text("of 1,000 people with this answer").first).to_be_attached()
    assert drawn["1 in 10"] > drawn["1 in 100"] >= drawn["1 in 1,000"]
    result.get_by_role("radio", name="1 in 1,000").focus()
    result.keyboard.press("ArrowLeft")
    expect(result.get_by_role("radio", name="1 in 100", exact=True)).to_be_checked()
    assert int(people.get_attribute("aria-label").split()[0]) == drawn["1 in 100"]


def test_what_can_be_measured_stands_apart_from_the_answer_with_its_scale(result: Page):
    section = result.locator("#measured")
    section.get_by_role("heading", name="What was measured").click()
    expect(section).to_contain_text("They are not the network's answer")
    expect(section).to_contain_text("The scale is 40 pixels a millimetre")
    expect(section.get_by_text(" mm", exact=False).first).to_be_visible()


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_without_javascript_there_is_no_slider_and_all_the_rest(page: Page, lesion, choose):
    sign_up(page)
    choose(lesion(seed=2))
    page.get_by_role("button", name="Analyse").click()
    wait_without_javascript(page)
    page.get_by_text("Heat map", exact=True).click()
    expect(page.locator("#heat-map")).to_be_visible()
    expect(page.get_by_role("slider")).to_have_count(0)
    expect(page.get_by_role("button", name="Zoom in")).to_have_count(0)
    page.get_by_text("What this answer means for people").click()
    page.get_by_text("1 in 10", exact=True).click()
    expect(page.locator("#people-10")).to_be_visible()
    expect(page.locator("#people-100")).to_be_hidden()


def test_a_rejected_picture_says_how_to_take_a_better_one_and_a_clinician_overrules(
    page: Page, site: Site, blank, choose, worker_halted
):
    sign_up(page)
    with worker_halted():
        choose(blank)
        page.get_by_role("button", name="Analyse").click()
        page.wait_for_url("**/results/**")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(REJECTED, timeout=30_000)
    expect(page.locator("#announcement")).to_contain_text("The picture is too dark")
    expect(page.get_by_text("Switch on a light").first).to_be_visible()
    expect(page.get_by_text("% confident")).to_have_count(0)
    expect(page.get_by_role("link", name="Send another picture")).to_be_visible()
    assert_good(page)
    address = page.url
    page.get_by_role("link", name="History", exact=True).click()
    expect(page.get_by_text("Could not be judged")).to_be_visible()

    fields = {"DJANGO_SUPERUSER_EMAIL": "chief@example.org", "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    command = [sys.executable, "manage.py", "createsuperuser", "--noinput"]
    subprocess.run(command, cwd=ROOT, env=site.environment | fields, check=True)
    page.context.clear_cookies()
    page.goto("/admin/classifier/submission/?status__exact=rejected")
    log_in(page, "chief@example.org")
    page.get_by_role("checkbox", name="Select this object for an action").first.check()
    page.get_by_label("Action:").select_option("Analyse although the picture was rejected")
    page.get_by_role("button", name="Go", exact=True).click()
    expect(page.get_by_text("1 of 1 queued")).to_be_visible()
    page.goto(address)
    expect(heading).to_have_text(ANSWER, timeout=30_000)
    expect(page.get_by_text("The site would not have judged this picture.")).to_be_visible()
    assert_good(page)
