"""An owner sets the scale of a picture by two points on something of a known length."""

from __future__ import annotations

import io

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from PIL import Image

from classifier.models import Submission
from classifier.services.submissions.scale import Point, ScaleRefused, set_scale
from classifier.services.submissions.submit import submit_picture
from tests.classifier.addresses import address
from tests.classifier.markup import visible_text
from tests.classifier.pictures import encode
from tests.factories import SubmissionFactory

pytestmark = pytest.mark.django_db
#: They lie 100 pixels apart.
POINTS = Point(20, 10), Point(100, 70)
SENT = {"x1": "20", "y1": "10", "x2": "100", "y2": "70", "millimetres": "23.25"}


def test_two_points_give_the_scale(owner):
    submission = SubmissionFactory(owner=owner)
    found = set_scale(submission, owner=owner, points=POINTS, millimetres=23.25)
    assert found == submission.pixels_per_mm == pytest.approx(100 / 23.25)
    assert Submission.objects.get().pixels_per_mm == found


def test_nobody_sets_the_scale_of_another_persons_picture(other, reviewer):
    submission = SubmissionFactory()
    for person in (other, reviewer):
        with pytest.raises(PermissionDenied):
            set_scale(submission, owner=person, points=POINTS, millimetres=10)
    assert Submission.objects.get().pixels_per_mm is None


@pytest.mark.parametrize(
    ("points", "millimetres", "reason"),
    [
        ((Point(0, 0), Point(160.5, 60)), 10, "must lie in the picture"),
        ((Point(0, -1), Point(100, 60)), 10, "must lie in the picture"),
        ((Point(0, 0), Point(100, float("nan"))), 10, "must lie in the picture"),
        ((Point(50, 50), Point(60, 60)), 10, "too near together"),
        (POINTS, 101, "It must be 1 to 1000."),
        (POINTS, 0.09, "It must be 1 to 1000."),
    ],
)
def test_points_that_give_no_scale(owner, points, millimetres, reason):
    submission = SubmissionFactory(owner=owner, pixels_per_mm=7.0)
    with pytest.raises(ScaleRefused, match=reason):
        set_scale(submission, owner=owner, points=points, millimetres=millimetres)
    assert Submission.objects.get().pixels_per_mm == 7.0


def test_points_are_those_of_the_picture_as_it_is_kept(owner):
    sent = encode(Image.new("RGB", (6000, 3000), "tan"), "JPEG")
    kept = submit_picture(owner=owner, stream=io.BytesIO(sent), name="far")
    assert kept.width < 6000
    # A ruler of 100 mm from edge to edge.
    edges = Point(0, 0), Point(kept.width, 0)
    assert set_scale(kept, owner=owner, points=edges, millimetres=100) == kept.width / 100


@pytest.fixture
def measured(owner) -> Submission:
    return SubmissionFactory(owner=owner, done__explained=True)


def test_the_page_tells_millimetres_from_then_on(measured, owner_client):
    page = owner_client.get(address("result", measured)).content.decode()
    assert f'action="{address("result_scale", measured)}"' in page
    assert "84 pixels" in visible_text(page)
    answer = owner_client.post(address("result_scale", measured), SENT)
    assert (answer.status_code, answer.url) == (302, f"{address('result', measured)}#measured")
    text = visible_text(owner_client.get(answer.url).content)
    assert "The scale is set: 4.3 pixels a millimetre." in text
    assert "Diameter 19.5 mm" in text
    assert "Change the scale" in text


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"x2": "21", "y2": "10"}, "The points are too near together."),
        ({"x2": "161"}, "Both points must lie in the picture."),
        ({"millimetres": "0"}, "greater than or equal to 0.1"),
        ({"millimetres": ""}, "This field is required."),
        ({"y1": "nan"}, "Enter a number."),
    ],
)
def test_what_is_wrong_is_said_where_it_was_typed(measured, owner_client, changed, reason):
    answer = owner_client.post(address("result_scale", measured), SENT | changed)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert reason in visible_text(html)
    assert '<details class="scale-form" id="scale" open>' in html
    assert 'name="x1" value="20"' in html
    assert Submission.objects.get().pixels_per_mm is None


def test_a_clinician_gets_no_such_form(measured, reviewer_client):
    path = reverse("result_scale", args=[measured.pk])
    assert path not in reviewer_client.get(address("result", measured)).content.decode()
    assert reviewer_client.post(path, SENT).status_code == 404
    assert Submission.objects.get().pixels_per_mm is None
