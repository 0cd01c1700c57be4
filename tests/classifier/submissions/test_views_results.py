"""A result has a page in every state, and its owner can have it tried again or delete it."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from classifier.models import Status, Submission
from tests.classifier.addresses import address
from tests.classifier.markup import visible_text
from tests.factories import ModelVersionFactory, ReviewFactory, SubmissionFactory

pytestmark = pytest.mark.django_db
DISCLAIMER = "This is not a diagnosis."


PAGES = pytest.mark.parametrize("name", ["result", "result_status"])


@PAGES
@pytest.mark.parametrize(
    ("probability", "verdict", "confidence", "benign", "malignant"),
    [
        (0.873, "malignant", "87.3 %", "12.7", "87.3"),
        (0.04, "benign", "96.0 %", "96.0", "4.0"),
    ],
)
def test_a_finished_one(show, owner, name, probability, verdict, confidence, benign, malignant):
    submission = SubmissionFactory(owner=owner, done__malignant_probability=probability)
    html = show(submission, name)
    text = visible_text(html)
    assert f"The network says: {verdict}" in text
    assert f"{confidence} confident" in text
    assert f"Benign {benign} %" in text
    assert f"Malignant {malignant} %" in text
    assert {f'width="{share}"' for share in (benign, malignant)} <= set(
        re.findall(r'width="[\d.]+"', html)
    )
    assert "What to do next" in text
    assert DISCLAIMER in text
    assert "seven-stage 0.0.1" in text
    assert "17 ms" in text
    # It does not ask for news any more.
    assert "hx-get" not in html
    assert "hx-trigger" not in html


def test_what_to_do_next_depends_on_the_verdict(show, owner):
    malignant = visible_text(show(SubmissionFactory(owner=owner, done=True)))
    benign = SubmissionFactory(owner=owner, done__malignant_probability=0.1)
    assert "Show this spot to a doctor" in malignant
    assert "Show this spot to a doctor" not in visible_text(show(benign))
    assert "keep an eye on your spot" in visible_text(show(benign))
    assert "keep an eye on your spot" not in malignant


SEVEN = {
    "akiec": 0.004,
    "bcc": 0.05,
    "bkl": 0.1,
    "df": 0.0004,
    "mel": 0.3,
    "nv": 0.545,
    "vasc": 0.0006,
}


def seven(owner, **probabilities: float) -> Submission:
    """Return a result of the network that names diagnoses.

    It calls a lesion malignant from 0.5 on, and worth a look from 0.3 on.
    """
    given = SEVEN | probabilities
    malignant = sum(given[code] for code in ("akiec", "bcc", "mel"))
    version = ModelVersionFactory(seven=True)
    return SubmissionFactory(
        owner=owner,
        done__model_version=version,
        done__probabilities=given,
        done__malignant_probability=malignant,
    )


@PAGES
def test_the_differential_in_plain_words(show, owner, name):
    html = show(seven(owner), name)
    text = visible_text(html)
    before, after = text.split("What it could be")
    assert "Benign 64.6 %" in before
    assert "Malignant 35.4 %" in before
    order = ["Melanocytic naevus 54.5 %", "Melanoma 30.0 %", "Benign keratosis 10.0 %"]
    order += ["Basal cell carcinoma 5.0 %", "Less likely: 3 more, each under 1 %"]
    order += ["Actinic keratosis or intraepithelial carcinoma 0.4 %", "Vascular lesion 0.1 %"]
    places = [after.index(words) for words in order]
    assert places == sorted(places)
    assert "Benign. This is a mole. It is a harmless group" in after
    assert "Malignant. This is a skin cancer of the cells" in after
    assert "The network knows 7 kinds of spot." in after


def test_a_network_with_two_answers_has_no_differential(show, owner):
    text = visible_text(show(SubmissionFactory(owner=owner, done=True)))
    assert "What it could be" not in text
    assert "How likely each answer is" in text


def test_a_likely_enough_cancer_deserves_a_look_though_benign_is_likelier(show, owner):
    near = visible_text(show(seven(owner)))
    assert "The network says: benign" in near
    assert "Have a doctor look at this spot in the next weeks" in near
    assert "It gives malignant 35.4 %." in near
    assert "From 30.0 % on it asks for a doctor." in near
    assert "set to find 90 % of malignant spots" in near
    far = visible_text(show(seven(owner, mel=0.1, nv=0.745)))
    assert "keep an eye on your spot" in far
    assert "Have a doctor look at this spot" not in far
    malignant = visible_text(show(seven(owner, mel=0.6, nv=0.245)))
    assert "Show this spot to a doctor" in malignant
    assert "Have a doctor look at this spot" not in malignant


def test_the_verdict_is_not_told_by_colour_alone(show, owner):
    verdicts = [
        SubmissionFactory(owner=owner, done__malignant_probability=probability)
        for probability in (0.1, 0.9)
    ]
    pages = [show(submission, "result_status") for submission in verdicts]
    icons = [re.search(r"<svg class=\"icon\".*?</svg>", page, re.S)[0] for page in pages]
    assert icons[0] != icons[1]


@PAGES
def test_a_failed_one_says_why_and_offers_to_try_again(show, owner, name):
    submission = SubmissionFactory(owner=owner, failed=True, failure_detail="OSError: errno 5")
    html = show(submission, name)
    assert submission.failure_sentence in visible_text(html)
    assert f'action="{address("retry", submission)}"' in html
    assert "csrfmiddlewaretoken" in html
    assert "hx-get" not in html
    assert "OSError" not in html


def test_an_old_prediction_is_not_shown_while_it_is_judged_again(show, owner):
    submission = SubmissionFactory(owner=owner, done=True)
    Submission.objects.update(status=Status.QUEUED)
    assert "The network says" not in show(submission)


def test_reviews_are_shown_to_the_owner_without_the_reviewer(show, owner):
    submission = SubmissionFactory(owner=owner, done=True)
    review = ReviewFactory(submission=submission, diagnosis="unclear", comment="<i>Blurred</i>")
    html = show(submission)
    assert "cannot be told from this picture" in visible_text(html)
    assert "&lt;i&gt;Blurred&lt;/i&gt;" in html
    assert review.reviewer.email not in html


def test_a_long_review_is_told_in_short_with_a_section_of_its_own(show, owner):
    submission = SubmissionFactory(owner=owner, done=True)
    ReviewFactory(submission=submission, comment="Short and clear.")
    html = show(submission)
    assert "Short and clear." in visible_text(html)
    assert 'id="reviews"' not in html
    words = " ".join(f"word{number}" for number in range(60))
    ReviewFactory(submission=submission, diagnosis="malignant", comment=words)
    beside, section = show(submission).split('id="reviews"')
    assert "A clinician's review: malignant." in visible_text(beside)
    assert "word19 …" in beside
    assert "word20" not in beside
    assert 'href="#reviews"' in beside
    assert words in section.partition("</details>")[0]


def test_the_name_of_the_file_is_shown_as_text(show, owner):
    submission = SubmissionFactory(owner=owner, original_name="<img src=x>.jpg", done=True)
    assert "<img src=x>" not in show(submission)
    assert "&lt;img src=x&gt;.jpg" in show(submission)


def test_below_are_other_pictures_of_this_person(show, owner):
    submission = SubmissionFactory(owner=owner, done=True)
    mine = SubmissionFactory.create_batch(7, owner=owner, done=True)
    theirs = SubmissionFactory(done=True)
    html = show(submission)
    links = [s for s in mine if f'href="{address("result", s)}"' in html]
    assert links == mine[1:]  # these are the newest six
    assert str(theirs.pk) not in html
    assert f'href="{address("result", submission)}"' not in html


@pytest.mark.parametrize(
    "state", [{}, {"running": True}, {"failed": True}, {"rejected": True}, {"done": True}]
)
def test_results_below_are_said_to_be_no_diagnosis_whatever_is_above(show, owner, state):
    submission = SubmissionFactory(owner=owner, **state)
    SubmissionFactory(owner=owner, done=True)
    below = visible_text(show(submission)).rpartition("Your other recent pictures")[2]
    assert "Malignant 87.3 % confident" in below
    assert "no result here is a diagnosis" in below


def test_a_reviewer_sees_but_cannot_retry_or_delete(reviewer, login):
    client = login(reviewer)
    for state in ({"done": True}, {"failed": True}):
        submission = SubmissionFactory(**state)
        html = client.get(address("result", submission)).content.decode()
        assert address("delete", submission) not in html
        assert address("retry", submission) not in html


def test_retry_queues_it_and_leads_back(
    owner_client, owner, sent, django_capture_on_commit_callbacks
):
    submission = SubmissionFactory(owner=owner, failed=True)
    with django_capture_on_commit_callbacks(execute=True):
        answer = owner_client.post(address("retry", submission))
    assert (answer.status_code, answer.url) == (302, address("result", submission))
    assert Submission.objects.get().status == Status.QUEUED
    assert sent == [str(submission.pk)]


@pytest.mark.parametrize("state", [{}, {"running": True}, {"done": True}])
def test_there_may_be_nothing_to_retry(owner_client, owner, sent, state):
    submission = SubmissionFactory(owner=owner, **state)
    answer = owner_client.post(address("retry", submission), follow=True)
    assert "There was nothing to retry." in visible_text(answer.content.decode())
    assert Submission.objects.get().status == submission.status
    assert sent == []


def test_delete_asks_first(show, owner):
    submission = SubmissionFactory(owner=owner, done=True)
    assert "There is no undo." in visible_text(show(submission, "delete"))
    assert Submission.objects.exists()


def test_delete(owner_client, owner, stored_files, django_capture_on_commit_callbacks):
    submission = SubmissionFactory(owner=owner, done=True)
    with django_capture_on_commit_callbacks(execute=True):
        answer = owner_client.post(address("delete", submission), follow=True)
    assert answer.redirect_chain == [(reverse("history"), 302)]
    assert "The picture and its result are deleted." in visible_text(answer.content.decode())
    assert not Submission.objects.exists()
    assert stored_files() == []
    for name in ("result", "result_image", "result_thumbnail", "delete"):
        assert owner_client.get(address(name, submission)).status_code == 404
