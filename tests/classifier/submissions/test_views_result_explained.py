"""A page explains a result by the set, the spread, people, the heat map and the measures."""

from __future__ import annotations

import re

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from classifier.models import Status, Submission
from tests.classifier.markup import HTMX, visible_text
from tests.classifier.submissions.test_models_predictive_value import METRICS
from tests.factories import (
    ModelVersionFactory,
    PredictionFactory,
    ReviewFactory,
    SubmissionFactory,
    picture,
)

pytestmark = pytest.mark.django_db
PROBABILITIES = {
    "akiec": 0.01,
    "bcc": 0.02,
    "bkl": 0.02,
    "df": 0.0,
    "mel": 0.15,
    "nv": 0.8,
    "vasc": 0.0,
}


@pytest.fixture
def result(owner):
    """Return a function that makes a result of the network that names diagnoses, explained."""

    def make(**fields) -> Submission:
        given = {
            "explained": True,
            "model_version": ModelVersionFactory(seven=True, metrics={"held_out": METRICS}),
            "probabilities": PROBABILITIES,
            "malignant_probability": 0.18,
            "possible": ["nv"],
        } | fields
        scale = given.pop("pixels_per_mm", None)
        return SubmissionFactory(
            owner=owner,
            pixels_per_mm=scale,
            **{f"done__{name}": value for name, value in given.items()},
        )

    return make


@pytest.mark.parametrize(
    ("probability", "urgency", "leaning"),
    [
        (0.18, "in the next weeks", "leans towards benign"),
        (0.6, "within the next few days", "leans towards malignant"),
    ],
)
def test_not_being_sure_is_an_answer_with_advice_of_its_own(
    show, result, probability, urgency, leaning
):
    submission = result(
        verdict="uncertain", possible=["mel", "nv"], malignant_probability=probability
    )
    text = visible_text(show(submission))
    assert "The network says: not sure" in text
    assert "% confident" not in text.partition("This is not a diagnosis.")[0]
    assert text.index("What to do next") < text.index("Benign or malignant")
    assert urgency in text
    assert leaning in text
    assert "What it cannot tell apart Melanocytic naevus benign Melanoma malignant" in text
    assert "Malignant 18.0 %" in text  # probabilities are still given


def test_a_set_of_one_is_what_it_narrows_it_down_to(show, result):
    text = visible_text(show(result()))
    assert "The one answer that is left Melanocytic naevus benign" in text
    assert "about 90 hold the true answer" in text
    assert "There are only benign answers here." in text


@pytest.mark.parametrize(
    ("possible", "reason"),
    [
        (["mel", "nv"], "There are benign and malignant answers here."),
        (["mel"], "The answers here do not fit the larger figure above."),
    ],
)
def test_why_the_network_is_not_sure(show, result, possible, reason):
    text = visible_text(show(result(verdict="uncertain", possible=possible)))
    assert f"{reason} That is why the network is not sure." in text


def test_eight_looks_are_shown_with_their_spread(show, result):
    text = visible_text(show(result(spread_low=0.021, spread_high=0.347)))
    assert "The single looks gave malignant 2 to 35 %" in text
    assert "looked at eight times" not in visible_text(show(result(spread_low=None)))


def test_what_the_answer_means_for_people(show, result):
    html = show(result())
    text = visible_text(html)
    # At 1 in 10, 10 of 100 ill people are called benign, and 630 of 900 others.
    assert "About 16 of 1,000 people with this answer have a malignant spot." in text
    assert "Without the answer it would be 100 of 1,000." in text
    assert "About 1 of 1,000 people with this answer has" in text
    assert "Fewer than 1 of 1,000 people with this answer has" in text
    assert re.findall(r'id="base-rate-(\d+)"', html) == ["10", "100", "1000"]
    labels = re.findall(r'aria-label="(\d+) of 1,000 people drawn', html)
    assert labels == ["16", "1", "0"]


def test_without_measured_rates_nothing_is_said_of_people(show, result):
    submission = result(model_version=ModelVersionFactory(seven=True))
    assert "What this answer means" not in show(submission)


def test_where_the_network_looked(show, result, owner_client):
    html = show(result())
    text = visible_text(html)
    assert "Where the network looked" in text
    assert "62 % of the heat lies on the spot" in text.replace("\xa0", " ")
    slider = re.search(r'<input type="range"[^>]*>', html)[0]
    assert 'data-fades="heat-map"' in slider
    assert 'for="heat-map-strength"' in html
    assert 'id="heat-map"' in html
    assert 'for="show-heat-map"' in html


def test_the_outline_is_drawn_where_it_is_kept(show, result):
    html = show(result())
    assert 'd="M40 30L120 30L80 90Z"' in html
    assert 'id="show-outline"' in html
    # Results that were made before outlines were kept have none.
    assert "outline" not in show(result(outline=None)).partition('id="why"')[0]


@pytest.mark.parametrize(
    ("scale", "bar"), [(None, None), (20.0, "2 mm"), (8.0, "5 mm"), (0.3, "100 mm"), (900.0, None)]
)
def test_a_scale_bar_is_drawn_where_the_scale_is_known(show, result, scale, bar):
    drawn = re.search(
        r'<text class="bar-text"[^>]*>([^<]*)</text>', show(result(pixels_per_mm=scale))
    )
    assert (drawn and drawn[1]) == bar


def test_no_heat_map_is_said_to_be_none(show, result):
    text = visible_text(show(result(heat_map="", heat_inside=None)))
    assert "No place of this picture speaks for malignant" in text


@pytest.mark.parametrize(
    ("scale", "diameter"), [(None, "Diameter 84 pixels"), (20.0, "Diameter 4.2 mm")]
)
def test_what_can_be_measured(show, result, scale, diameter):
    text = visible_text(show(result(pixels_per_mm=scale)))
    assert "Asymmetry 4 % and 12 %" in text
    assert "Border 1.23" in text
    assert "Colours 2 of 6: red, light brown" in text
    assert diameter in text
    assert "They are not the network's answer" in text


def test_measures_are_withheld_where_the_outline_is_not_clear(show, result):
    text = visible_text(show(result(abcd={})))
    assert "not clear enough in this picture. So nothing was measured." in text
    assert "Diameter" not in text


def test_an_old_result_stays_as_it_was(show, owner):
    text = visible_text(show(SubmissionFactory(owner=owner, done=True)))
    for heading in ("Where the network looked", "What was measured", "The one answer that is"):
        assert heading not in text


def test_other_versions_stand_beside_the_answer(show, result):
    submission = result()
    other = ModelVersionFactory(version="0.0.7")
    PredictionFactory(submission=submission, model_version=other, malignant_probability=0.9)
    text = visible_text(show(submission))
    beside = text.partition("What other versions said")[2]
    assert "Malignant malignant 90.0 % seven-stage 0.0.7" in beside
    assert "The network says: benign" in text
    assert "What other versions said" not in visible_text(show(result()))


PAGES = pytest.mark.parametrize("name", ["result", "result_status"])


@PAGES
def test_a_rejected_picture_gets_advice_and_no_verdict(show, owner, name):
    submission = SubmissionFactory(owner=owner, rejected=True)
    ReviewFactory(submission=submission, comment="Looks harmless.")
    html = show(submission, name)
    text = visible_text(html)
    assert "This picture could not be judged" in text
    assert submission.rejection_sentence in text
    assert "Show it to a doctor." in text
    assert "Signs that matter more than any app" in text
    assert "Looks harmless." in text
    for words in ("The network says", "% confident", "edges=0.001", "hx-get", "Try again"):
        assert words not in html


def test_a_rejection_is_announced(owner_client, owner):
    submission = SubmissionFactory(owner=owner, rejected=True)
    address = reverse("result_status", args=[submission.pk])
    html = owner_client.get(address, headers=HTMX).content.decode()
    announced = html.rpartition('id="announcement" hx-swap-oob="innerHTML"')[2]
    assert "could not be judged" in announced
    assert submission.rejection_sentence in announced


def test_what_an_earlier_version_said_of_a_rejected_picture_is_not_hidden(show, owner):
    submission = SubmissionFactory(owner=owner, done=True)
    Submission.objects.filter(pk=submission.pk).update(
        status=Status.REJECTED, rejection="blurred", rejection_values={}
    )
    text = visible_text(show(submission))
    assert "The network says" not in text
    assert "What other versions said" in text


def test_an_overruled_rejection_is_told_with_the_answer(show, owner, reviewer):
    submission = SubmissionFactory(
        owner=owner,
        done=True,
        overruled_by=reviewer,
        rejection="blurred",
        rejection_values={},
    )
    html = show(submission)
    assert "The site would not have judged this picture. The picture is blurred." in visible_text(
        html
    )
    assert reviewer.email not in html


def test_the_heat_map_is_served_privately_as_a_picture(owner_client, result, login, other):
    submission = result(heat_map=ContentFile(picture("png"), name="x.png"))
    address = reverse("result_heat_map", args=[submission.pk])
    answer = owner_client.get(address)
    assert b"".join(answer.streaming_content) == picture("png")
    assert answer["Content-Type"] == "image/png"
    assert "private" in answer["Cache-Control"]
    assert login(other).get(address).status_code == 404


@pytest.mark.parametrize("state", [{}, {"done": True}, {"rejected": True}])
def test_there_is_no_heat_map_of_what_has_none(owner_client, owner, state):
    submission = SubmissionFactory(owner=owner, **state)
    address = reverse("result_heat_map", args=[submission.pk])
    assert owner_client.get(address).status_code == 404
