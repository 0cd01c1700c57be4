"""A person looks closer at their picture, and sets its scale, by mouse, by touch and by keys."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.visitor import ANSWER, assert_good, sign_up


@pytest.fixture
def result(page: Page, lesion, choose) -> Page:
    """Return the page of a picture that has more pixels than a page needs."""
    sign_up(page)
    chosen, enlarged = lesion(seed=2), io.BytesIO()
    with Image.open(io.BytesIO(chosen["buffer"])) as picture:
        picture.resize((1920, 1440), Image.Resampling.NEAREST).save(enlarged, "JPEG")
    choose(chosen | {"buffer": enlarged.getvalue()})
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(ANSWER, timeout=60_000)
    return page


def scale(page: Page) -> float:
    """Return how many times as large as at first the picture is drawn."""
    layers = page.locator("[data-layers]")
    return layers.evaluate("element => new DOMMatrix(getComputedStyle(element).transform).a")


def left(page: Page) -> float:
    return page.locator(".photo").bounding_box()["x"]


def wait_until(page: Page, is_so: Callable[[], bool]) -> None:
    """Wait for what moves; the page's policy lets no script of a test run in it by itself."""
    for _ in range(100):
        if is_so():
            return
        page.wait_for_timeout(50)
    assert is_so()


def test_only_who_zooms_loads_the_picture_in_full_size(result: Page):
    asked: list[str] = []
    result.on("request", lambda request: asked.append(request.url))
    result.reload()
    photo = result.locator(".photo")
    expect(photo).to_have_js_property("naturalWidth", 960)
    assert any(url.endswith("/copy/") for url in asked)
    assert not any(url.endswith("/image/") for url in asked)
    result.get_by_role("button", name="Zoom in").click()
    expect(photo).to_have_js_property("naturalWidth", 1920)
    result.get_by_role("button", name="Zoom in").click()
    assert len([url for url in asked if url.endswith("/image/")]) == 1


def test_keys_zoom_and_move_and_show_all_again(result: Page):
    stage = result.get_by_role("group", name="Picture.")
    stage.focus()
    assert scale(result) == 1
    result.keyboard.press("ArrowRight")
    assert left(result) == stage.bounding_box()["x"]
    result.keyboard.press("+")
    result.keyboard.press("+")
    expect(result.get_by_role("button", name="Show all of the picture")).to_be_visible()
    wait_until(result, lambda: scale(result) > 1.8)
    before = left(result)
    result.keyboard.press("ArrowRight")
    wait_until(result, lambda: left(result) < before - 20)
    result.keyboard.press("0")
    wait_until(result, lambda: scale(result) == 1)
    expect(result.get_by_role("button", name="Show all of the picture")).to_be_hidden()


def test_a_wheel_scrolls_the_page_until_somebody_has_zoomed(result: Page):
    result.locator(".stage").hover()
    result.mouse.wheel(0, 120)
    wait_until(result, lambda: result.evaluate("window.scrollY") > 0)
    assert scale(result) == 1
    result.evaluate("window.scrollTo(0, 0)")
    result.locator(".stage").hover()
    result.keyboard.down("Control")
    result.mouse.wheel(0, -240)
    result.keyboard.up("Control")
    wait_until(result, lambda: scale(result) > 1.1)
    before = left(result)
    box = result.locator(".stage").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    result.mouse.move(*middle)
    result.mouse.down()
    result.mouse.move(middle[0] - 30, middle[1], steps=3)
    result.mouse.up()
    wait_until(result, lambda: left(result) < before - 10)


@pytest.mark.browser_context_args(has_touch=True, viewport={"width": 390, "height": 844})
def test_two_fingers_zoom(result: Page):
    """Check pinching, of which playwright has no gesture of its own."""
    box = result.locator(".stage").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    client = result.context.new_cdp_session(result)
    # Whoever comes to pinch has touched the page before.
    result.get_by_role("heading", level=1).tap()
    wait_until(result, lambda: result.evaluate("'Panzoom' in window"))

    def touch(kind: str, *places: float) -> None:
        points = [{"x": x + place, "y": y, "id": index} for index, place in enumerate(places)]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", -20, 20)
    for spread in (30, 45, 60, 80):
        touch("touchMove", -spread, spread)
    touch("touchEnd")
    wait_until(result, lambda: scale(result) > 1.3)


def click_at(stage: Locator, x: float, y: float) -> None:
    """Click on a place of the picture, given in shares of its width and height."""
    box = stage.locator(".drawn").bounding_box()
    width = min(box["width"], box["height"] * 4 / 3)
    height = width * 3 / 4
    edge = (box["width"] - width) / 2, (box["height"] - height) / 2
    stage.page.mouse.click(box["x"] + edge[0] + x * width, box["y"] + edge[1] + y * height)


@pytest.mark.parametrize("width", [1280, 390])
def test_two_points_on_a_coin_give_the_scale(result: Page, width: int):
    result.set_viewport_size({"width": width, "height": 844})
    result.get_by_role("heading", name="What was measured").click()
    result.get_by_text("Set the scale with a ruler or a coin").click()
    result.get_by_role("button", name="Set two points on the picture").click()
    stage = result.locator("[data-stage]")
    click_at(stage, 0.25, 0.5)
    expect(result.get_by_text("Click on the other end.")).to_be_visible()
    click_at(stage, 0.75, 0.5)
    expect(result.locator(".points path").first).to_have_attribute("d", re.compile("M.*L"))
    millimetres = result.get_by_label("Millimetres between them")
    expect(millimetres).to_be_focused()
    for end, place in (("First", 480), ("Second", 1440)):
        typed = result.get_by_label(f"{end} point, from the left").input_value()
        assert float(typed) == pytest.approx(place, abs=8)
    assert_good(result)
    millimetres.fill("25")
    result.get_by_role("button", name="Keep the scale").click()
    expect(
        result.get_by_text(re.compile(r"The scale is set: (38|39)[.\d]* pixels"))
    ).to_be_visible()
    # The address names the section, so that it is open.
    expect(result.locator("#measured").get_by_text(" mm", exact=False).first).to_be_visible()
    expect(result.locator(".bar-text")).to_have_text("10 mm")
