"""What rows keep as codes is said in short, plain sentences, and every code has one."""

from __future__ import annotations

import re
from string import Formatter

import pytest
from django.urls import reverse

from classifier.models import Failure
from classifier.sentences import colours, diagnoses, failures, rejections
from classifier.sentences.diagnoses import explain_class
from classifier.sentences.failures import explain_failure
from classifier.sentences.rejections import explain_rejection
from classifier.services.submissions.analyse import analyse_waiting_submissions
from classifier.uploads import refusals
from ml.judging.abcd import COLOURS
from ml.judging.quality import TOLD, Problem
from ml.judging.screening import Rejection
from ml.taxonomy import BINARY_CLASSES, DIAGNOSES
from tests.classifier.markup import visible_text
from tests.factories import ModelVersionFactory, SubmissionFactory
from tests.reading import EASY, reading_grade

ADVICE = rejections.SENTENCES | {
    "dermoscopy alone": rejections.DERMOSCOPY_ALONE,
    "rejected by a later release": rejections.GENERAL,
}
EXPLAINED = {code: explained.plain for code, explained in diagnoses.DIAGNOSES.items()}
EVERYTHING = ADVICE | failures.SENTENCES | {"failed later": failures.GENERAL} | EXPLAINED


def test_every_code_of_the_network_and_of_the_worker_has_its_words():
    assert set(rejections.SENTENCES) == {problem.value for problem in Problem}
    assert set(failures.SENTENCES) == {failure.value for failure in Failure}
    assert set(diagnoses.BINARY) == set(BINARY_CLASSES)
    assert set(colours.NAMES) == set(COLOURS)
    named = {code: explained.name for code, explained in diagnoses.DIAGNOSES.items()}
    assert named == {diagnosis.code: diagnosis.name for diagnosis in DIAGNOSES}


def test_the_network_gives_every_value_that_a_sentence_tells():
    for problem in Problem:
        parts = Formatter().parse(rejections.SENTENCES[problem])
        assert {name for _, name, _, _ in parts if name} == set(TOLD.get(problem, {}))


@pytest.mark.parametrize("text", EVERYTHING.values(), ids=EVERYTHING)
def test_a_sentence_is_easy_to_read(text):
    assert text.endswith(".")
    assert reading_grade(text) <= EASY


REFUSALS = (
    refusals.damaged(),
    refusals.too_many_pixels(40_000_000),
    refusals.too_many_pixels(40_000_000, "PNG"),
    refusals.too_many_for_passes(),
    refusals.too_much_memory(),
    refusals.too_slow(),
)


@pytest.mark.parametrize("refused", REFUSALS, ids=str)
def test_why_a_file_is_refused_is_easy_to_read(refused):
    assert reading_grade(str(refused)) <= EASY
    assert "lease " in str(refused)


def test_the_grade_tells_hard_sentences():
    hard = "A pigmented lesion necessitates dermatological examination by a competent specialist."
    assert reading_grade(hard) > 15


@pytest.mark.parametrize("text", ADVICE.values(), ids=ADVICE)
def test_a_rejection_says_what_to_do(text):
    assert re.search("(Send|Take|take) (the|a|it) ?(original|picture|close-up|again)", text)


@pytest.mark.parametrize("code", ["too_dark", "too_bright", "low_contrast"])
def test_advice_on_light_is_for_who_has_no_dermoscope_too(code):
    assert "the dermoscope" not in rejections.SENTENCES[code]
    assert "between skin and glass" not in rejections.SENTENCES[code]


def test_a_code_of_another_release_is_told_in_general():
    assert explain_rejection("upside_down", {}) == rejections.GENERAL
    assert explain_rejection("too_small", {"side": 90}) == rejections.GENERAL
    assert explain_failure("too_late") == failures.GENERAL


def test_a_class_that_is_not_known_any_more_is_called_what_was_stored():
    stored = {"wart": {"name": "Viral wart", "plain": "A wart."}, "mel": {"name": "Mole cancer"}}
    assert explain_class("wart", stored) == ("Viral wart", "A wart.")
    assert explain_class("mel", stored).name == "Melanoma"
    assert explain_class("corn", stored) == ("corn", "")


@pytest.mark.parametrize(
    ("rejection", "told"),
    [
        (
            Rejection(Problem.TOO_SMALL, "60", TOLD[Problem.TOO_SMALL]),
            "Its shorter side must have at least 100 pixels.",
        ),
        (Rejection(Problem.NOT_DERMOSCOPY, "9.1"), "a picture of a spot on the skin"),
        (Rejection(Problem.NOT_DERMOSCOPY, "9.1", {"dermoscopy_alone": True}), "no other kind."),
    ],
)
def test_a_page_tells_what_the_worker_has_stored(analyst, owner, owner_client, rejection, told):
    analyst.rejection = rejection
    submission = SubmissionFactory(owner=owner)
    analyse_waiting_submissions(submission.pk)
    submission.refresh_from_db()
    assert (submission.rejection, submission.rejection_reason) == (rejection.problem, "")
    assert submission.rejection_values == rejection.values
    page = owner_client.get(reverse("result", args=[submission.pk]))
    assert told in visible_text(page.content.decode())


def test_a_result_of_an_old_network_shows_its_diagnoses(owner, owner_client):
    """Check both words that the site has and words that only the row has."""
    old = {
        "mel": {"name": "Melanoma", "plain": "Words of an earlier release."},
        "wart": {"name": "Viral wart", "plain": "A rough bump from a virus."},
    }
    version = ModelVersionFactory(
        classes=list(old), malignant_classes=["mel"], diagnoses=old, is_active=True
    )
    submission = SubmissionFactory(
        owner=owner,
        done__model_version=version,
        done__probabilities={"mel": 0.75, "wart": 0.25},
        done__malignant_probability=0.75,
        done__possible=["wart"],
        done__coverage=0.9,
    )
    page = owner_client.get(reverse("result", args=[submission.pk]))
    text = visible_text(page.content.decode())
    assert "Malignant. This is a skin cancer of the cells" in text
    assert "Viral wart 25.0 % Benign. A rough bump from a virus." in text
    assert "The one answer that is left Viral wart benign" in text
    for name in ("about", "models"):
        listed = visible_text(owner_client.get(reverse(name)).content.decode())
        assert "melanoma, viral wart" in listed
