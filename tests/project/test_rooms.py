"""The documentation's picture of the rooms shows the rooms of the code."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def draw_rooms():
    sys.path.insert(0, str(DOCS))
    try:
        import draw_rooms
    finally:
        sys.path.remove(str(DOCS))
    return draw_rooms


def test_the_picture_is_that_of_the_code(draw_rooms):
    text = draw_rooms.PAGE.read_text(encoding="utf-8")
    assert text == draw_rooms.page(text), "run `make rooms`"


def test_an_arrow_that_a_longer_way_replaces_is_left_out(draw_rooms):
    arrows = {("a.x", "a.y"), ("a.y", "a.z"), ("a.x", "a.z"), ("a.x", "b.z")}
    assert draw_rooms.without_shortcuts(arrows) == arrows - {("a.x", "a.z")}


def test_rooms_that_import_each_other_keep_both_arrows(draw_rooms):
    arrows = {("a.x", "a.y"), ("a.y", "a.x")}
    assert draw_rooms.without_shortcuts(arrows) == arrows


def test_a_module_lies_in_the_first_folder_of_its_package(draw_rooms):
    assert draw_rooms.room_of("ml.judging.predictor") == "ml.judging"
    assert draw_rooms.room_of("classifier.tasks") == "classifier.tasks"
    assert draw_rooms.room_of("ml.taxonomy") is None
