"""A result says what kind of picture it is from, how much it is worth, and which border was cut."""

from __future__ import annotations

import copy
import re

import numpy as np
import pytest
from django.urls import reverse
from PIL import Image

from classifier.models import Status, Submission
from classifier.models.observed import Content
from ml.judging.preprocessing import centre_square
from tests.classifier.markup import visible_text
from tests.classifier.submissions.test_models_predictive_value import METRICS, RATES, rate
from tests.factories import ModelVersionFactory, SubmissionFactory

pytestmark = pytest.mark.django_db
CLINICAL = {"threshold": 0.3, "operating_point": {"sensitivity": 0.95, "threshold": 0.02}}
#: Of a hundred benign lesions in photographs, twenty are called malignant and not five.
OF_PHOTOGRAPHS = copy.deepcopy(METRICS) | {
    "pictures": {"mel": 100, "nv": 140},
}
OF_PHOTOGRAPHS["verdicts"]["plain"]["rates"] = RATES | {
    "malignant": {"malignant": rate(0.5), "benign": rate(0.2)}
}


@pytest.fixture
def shown(owner, owner_client):
    """Return a function that gives the text of the page of a result with these fields."""

    def page(metrics: dict | None = None, clinical: dict = CLINICAL, **fields) -> str:
        version = ModelVersionFactory(
            operating_point={"sensitivity": 0.9, "threshold": 0.1},
            clinical=clinical,
            metrics=metrics or {},
        )
        submission = SubmissionFactory(owner=owner, done__model_version=version, **fields)
        answer = owner_client.get(reverse("result", args=[submission.pk]))
        return visible_text(answer.content.decode())

    return page


BY_KIND = {
    "clinical": {"pictures": 240, "sensitivity": rate(0.41), "specificity": rate(0.77)},
    "dermoscopic": {"pictures": 250, "sensitivity": rate(0.6), "specificity": rate(0.9)},
}
BOTH = {
    "held_out": METRICS | {"pictures": {"nv": 9}},
    "held_out_clinical": OF_PHOTOGRAPHS,
    "milk10k": {"subgroups": {"image_type": BY_KIND}},
}


def test_a_photograph_says_so_and_what_that_is_worth(shown):
    text = shown(BOTH, image_type="clinical", done__judged_as="clinical")
    assert "This answer is from an ordinary photograph" in text
    assert "240 ordinary photographs of lesions, and on 250 pictures" in text
    # These are the malignant lesions called malignant in photographs and in dermoscopic pictures,
    # and the benign ones called benign in both.
    for percent in ("41.0 %", "60.0 %", "77.0 %", "90.0 %"):
        assert percent in text
    assert "show the spot to a doctor" in text
    assert "Ordinary photograph" in text


def test_sets_of_other_lesions_are_not_compared(shown):
    others = {"clinical": {"pictures": 7, "sensitivity": rate(0.11)}}
    others["dermoscopic"] = others["clinical"] | {"pictures": 8}
    metrics = {"validation": {"subgroups": {"image_type": others}}} | BOTH
    text = shown(metrics, image_type="clinical", done__judged_as="clinical")
    assert "240 ordinary photographs" in text
    assert "11.0 %" not in text


@pytest.mark.parametrize(
    "metrics",
    [
        {"held_out": METRICS},
        {"validation": BOTH["milk10k"]},
        {"milk10k": {"subgroups": {"image_type": {"clinical": BY_KIND["clinical"]}}}},
    ],
)
def test_what_was_not_measured_has_no_figure(shown, metrics):
    text = shown(metrics, image_type="clinical", done__judged_as="clinical")
    assert "How much less was not measured for this version of the network." in text
    assert "60.0 %" not in text
    assert "of 1,000 people" not in text


def test_where_the_kind_cannot_be_told_the_page_says_so(shown):
    text = shown(BOTH, image_type=None, done__judged_as="clinical")
    assert "It cannot be told whether this picture was taken through a dermoscope." in text
    assert "judged as an ordinary photograph" in text
    assert "240 ordinary photographs" in text


@pytest.mark.parametrize("image_type", ["dermoscopic", None])
def test_a_picture_through_a_dermoscope_gets_no_such_words(shown, image_type):
    text = shown(BOTH, image_type=image_type, done__judged_as="dermoscopic")
    assert "photograph" not in text.lower()


def test_whoever_overrules_that_it_is_neither_gets_the_same(shown, reviewer):
    text = shown(
        BOTH,
        image_type="other",
        rejection="not_dermoscopy",
        rejection_values={},
        overruled_by=reviewer,
        done__judged_as="clinical",
    )
    assert "This looks neither like a dermoscopic picture nor like a photograph of a spot." in text
    assert "240 ordinary photographs" in text
    assert "A clinician decided to have it analysed all the same." in text


@pytest.mark.parametrize(
    ("judged_as", "from_percent", "look"),
    [("clinical", 30, "From 2.0 % on"), ("dermoscopic", 50, "From 10.0 % on")],
)
def test_thresholds_are_those_of_the_kind(shown, judged_as, from_percent, look):
    text = shown(done__judged_as=judged_as, done__verdict="benign", done__malignant_probability=0.2)
    assert f"{from_percent} % malignant probability" in text
    assert f"The network says malignant from {from_percent} % on." in text
    assert look in text


def test_without_thresholds_of_its_own_a_photograph_has_those_of_all(shown):
    text = shown(clinical={}, done__judged_as="clinical")
    assert "50 % malignant probability" in text


def test_what_an_answer_means_is_counted_by_the_kind(shown):
    answer = {"done__coverage": 0.9, "done__verdict": "malignant", "done__possible": ["malignant"]}
    # One in a hundred is malignant, so that the share is 0.5 over 0.5 plus 99 times 0.05 or 0.2.
    assert "About 92 of 1,000" in shown(BOTH, done__judged_as="dermoscopic", **answer)
    assert "About 25 of 1,000" in shown(BOTH, done__judged_as="clinical", **answer)


def bordered(owner, **state) -> Submission:
    return SubmissionFactory(owner=owner, width=200, height=100, frame=[20, 10, 180, 90], **state)


@pytest.mark.parametrize("state", [{"done": True}, {"rejected": True}])
def test_a_border_that_was_left_out_is_drawn_and_told(owner, owner_client, state):
    page = owner_client.get(reverse("result", args=[bordered(owner, **state).pk]))
    html = page.content.decode()
    assert 'viewBox="0 0 200 100"' in html
    # Of what lies within the border, the network reads the middle square.
    assert "M0 0H200V100H0ZM60 10H140V90H60Z" in html
    assert re.search('<input[^>]* id="show-unseen"[^>]* checked>', html)
    assert "The plain border around the picture was left out" in visible_text(html)


def test_the_border_appears_with_the_result(owner, owner_client):
    submission = bordered(owner, done=True)
    page = owner_client.get(
        reverse("result_status", args=[submission.pk]),
        {"shown": Status.RUNNING},
        headers={"hx-request": "true"},
    ).content.decode()
    layers = page.partition('id="viewer-layers" hx-swap-oob="innerHTML"')[2]
    assert "M60 10H140V90H60Z" in layers.partition("</svg>")[0]
    assert 'id="viewer-choices" hx-swap-oob="innerHTML"' in page


def test_without_a_border_only_what_lies_beside_the_square_is_marked(owner, owner_client):
    submission = SubmissionFactory(owner=owner, done=True)
    html = owner_client.get(reverse("result", args=[submission.pk])).content.decode()
    assert "M0 0H160V120H0ZM20 0H140V120H20Z" in html
    assert not re.search('<input[^>]* id="show-unseen"[^>]* checked>', html)
    assert "border around" not in html


@pytest.mark.parametrize("fields", [{"done": True, "width": 120}, {}])
def test_of_a_square_and_of_what_was_not_looked_at_nothing_is_marked(owner, owner_client, fields):
    submission = SubmissionFactory(owner=owner, **fields)
    html = owner_client.get(reverse("result", args=[submission.pk])).content.decode()
    assert "show-unseen" not in html
    assert 'class="unseen"' not in html


@pytest.mark.parametrize("size", [(160, 121), (33, 90), (64, 64)])
def test_the_square_that_is_marked_is_the_one_that_a_network_reads(size):
    numbered = np.arange(size[0] * size[1], dtype=np.int32).reshape(size[::-1])
    image = Image.fromarray(numbered)
    square = Content(0, 0, *size).centre_square
    assert np.array_equal(np.asarray(image.crop(square)), np.asarray(centre_square(image)))


def test_clinicians_see_the_kind_and_the_border(owner, browsers):
    submission = bordered(owner, done=True, image_type="clinical")
    path = reverse("admin:classifier_submission_change", args=[submission.pk])
    text = visible_text(browsers["reviewer"].get(path).content.decode())
    assert "160 x 80 pixels, 20 from the left and 10 from the top" in text
    assert "Ordinary photograph" in text


def test_clinicians_list_the_pictures_of_a_kind(owner, browsers):
    photograph = SubmissionFactory(owner=owner, image_type="clinical")
    SubmissionFactory(owner=owner, image_type="dermoscopic"), SubmissionFactory(owner=owner)
    page = browsers["reviewer"].get(
        reverse("admin:classifier_submission_changelist"), {"image_type__exact": "clinical"}
    )
    assert list(page.context_data["cl"].result_list) == [photograph]
