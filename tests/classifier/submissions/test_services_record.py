"""An answer is kept with all that explains it, and a full disk does not take it along."""

from __future__ import annotations

import errno
import io
import json
from dataclasses import replace

import pytest
from django.core.files.storage import FileSystemStorage
from django.db import connection
from PIL import Image

from classifier.models import Prediction, Status, Submission
from classifier.models.observed import OBSERVED_FIELDS
from classifier.models.result import RESULT_FIELDS
from classifier.services.account.export import _json
from classifier.services.registry.reanalyse import reanalyse_submissions
from classifier.services.submissions.analyse import analyse_waiting_submissions
from classifier.services.submissions.record import build_observed, build_result
from ml.judging.frames import Box
from tests.factories import ModelVersionFactory, SubmissionFactory

pytestmark = pytest.mark.django_db


def export(submission: Submission) -> dict:
    """Return what the export of its owner says of their only submission."""
    rows = _json(Submission.objects.owned_by(submission.owner), {"note": ""})
    (exported,) = json.loads(b"".join(rows))["submissions"]
    return exported


@pytest.fixture
def kept(analyst):
    """Return a function that analyses a picture and returns its prediction."""

    def prediction() -> Prediction:
        submission = SubmissionFactory()
        assert analyse_waiting_submissions(submission.pk) is False
        return Submission.objects.with_result().get(pk=submission.pk).prediction

    return prediction


def test_all_that_explains_an_answer(kept, analyst):
    analyst.possible, analyst.spread = ("benign", "malignant"), (0.25, 0.875)
    found = kept()
    assert found.verdict == "uncertain"
    assert found.possible == ["benign", "malignant"]
    assert found.coverage == 0.9
    assert (found.spread_low, found.spread_high) == (0.25, 0.875)
    assert found.heat_inside == 0.625
    assert found.abcd == {
        "asymmetry": [0.04, 0.125],
        "border": 1.2,
        "colours": ["red", "light brown"],
        "diameter": 84.0,
    }
    with found.heat_map.open() as stream:
        picture = Image.open(io.BytesIO(stream.read()))
    assert (picture.format, picture.mode, picture.size) == ("PNG", "RGBA", (256, 192))


def test_what_is_recorded_exported_and_printed_is_the_same(kept, analyst):
    analyst.possible, analyst.spread = ("benign", "malignant"), (0.25, 0.875)
    found = kept()
    printed = build_result(analyst([Image.new("RGB", (8, 8))])[0])
    assert found.told() == json.loads(json.dumps(printed))
    exported = export(found.submission)
    (prediction,) = exported["predictions"]
    assert {name: prediction[name] for name in RESULT_FIELDS} == found.told()


def test_what_is_kept_printed_and_exported_of_the_picture_is_the_same(kept, analyst):
    analyst.image_type, analyst.judged_as = "clinical", "clinical"
    analyst.frame = Box(10, 0, 150, 120)
    found = kept()
    submission = Submission.objects.get(pk=found.submission_id)
    assert submission.observed() == {"image_type": "clinical", "frame": [10, 0, 150, 120]}
    assert found.judged_as == "clinical"
    assert submission.observed() == build_observed(analyst([Image.new("RGB", (8, 8))])[0])
    exported = export(submission)
    assert {name: exported[name] for name in OBSERVED_FIELDS} == submission.observed()


def test_without_a_border_and_a_kind_there_is_nothing_to_keep(kept):
    found = Submission.objects.get(pk=kept().submission_id)
    assert found.observed() == dict.fromkeys(OBSERVED_FIELDS)
    assert Submission.objects.filter(frame__isnull=True, image_type__isnull=True).exists()


def test_pictures_that_were_claimed_together_keep_what_is_theirs(analyst, monkeypatch):
    kinds = iter(["clinical", None, "dermoscopic", "clinical"])
    answer = analyst._analysis
    monkeypatch.setattr(
        analyst, "_analysis", lambda rejection: replace(answer(rejection), image_type=next(kinds))
    )
    submissions = SubmissionFactory.create_batch(4)
    analyse_waiting_submissions(submissions[0].pk)
    found = Submission.objects.filter(status=Status.DONE).order_by("queued_at")
    assert [row.image_type for row in found] == ["clinical", None, "dermoscopic", "clinical"]
    assert all(row.prediction.submission_id == row.pk for row in found)


def test_what_there_is_nothing_of_is_empty(kept, analyst, stored_files):
    analyst.heat_map = analyst.abcd = None
    found = kept()
    assert found.possible == []
    assert (found.coverage, found.spread_low, found.spread_high) == (None, None, None)
    assert found.abcd == {}
    assert found.is_explained
    assert not found.heat_map
    assert found.heat_inside is None
    assert len(stored_files()) == 2


def test_the_name_of_the_heat_map_says_nothing(kept):
    found = kept()
    assert str(found.submission_id) not in found.heat_map.name
    assert found.heat_map.name.endswith(".png")


def test_a_full_disk_costs_the_heat_map_and_not_the_answer(kept, monkeypatch, stored_files, caplog):
    def full(storage, name, content):
        storage_path = storage.path(name)
        with open(storage_path, "wb") as half:  # noqa: PTH123
            half.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    submission = SubmissionFactory()
    (folder,) = {path.parent.parent for path in stored_files()}
    for number in range(256):
        (folder / f"{number:02x}").mkdir(exist_ok=True)
    monkeypatch.setattr(FileSystemStorage, "_save", full)
    assert analyse_waiting_submissions(submission.pk) is False
    done = Submission.objects.with_result().get(pk=submission.pk)
    assert done.status == Status.DONE
    assert not done.prediction.heat_map
    assert "No space left on device" in caplog.text
    assert len(stored_files()) == 2


def test_analysed_twice_the_first_answer_stays_and_no_file_is_left_over(kept, stored_files):
    found = kept()
    before = stored_files()
    Submission.objects.update(status=Status.QUEUED)
    analyse_waiting_submissions(found.submission_id)
    assert Prediction.objects.get() == found
    assert stored_files() == before


@pytest.fixture
def in_transaction(monkeypatch, settings) -> list[bool]:
    """Return for each stored file whether a transaction was open within the test's own."""
    settings.INFERENCE_THREADS = 1  # another thread would have another connection
    seen, save, outside = [], FileSystemStorage._save, len(connection.savepoint_ids)

    def watched(storage, name, content):
        seen.append(len(connection.savepoint_ids) > outside)
        return save(storage, name, content)

    monkeypatch.setattr(FileSystemStorage, "_save", watched)
    return seen


def test_no_heat_map_is_stored_while_rows_are_locked(analyst, in_transaction):
    first, _ = submissions = SubmissionFactory.create_batch(2)
    in_transaction.clear()
    assert analyse_waiting_submissions(first.pk) is False
    assert in_transaction == [False] * 2
    reanalyse_submissions(
        submissions, model_version=ModelVersionFactory(version="0.0.2"), analyst=analyst
    )
    assert in_transaction == [False] * 4
    assert Prediction.objects.exclude(heat_map="").count() == 4


def test_no_heat_map_is_left_of_an_answer_that_could_not_be_recorded(
    analyst, monkeypatch, stored_files
):
    submission = SubmissionFactory()
    before = stored_files()

    def fail(rows) -> None:
        assert len(stored_files()) == len(before) + 1
        raise RuntimeError("no room for a row")

    monkeypatch.setattr(Prediction.objects, "bulk_create", lambda rows: fail(list(rows)))
    assert analyse_waiting_submissions(submission.pk) is True
    assert stored_files() == before


def test_no_heat_map_is_left_of_an_answer_that_came_too_late(analyst, stored_files):
    submission = SubmissionFactory()
    before = stored_files()
    analyst.meanwhile = lambda: Submission.objects.update(attempts=2)
    assert analyse_waiting_submissions(submission.pk) is False
    assert not Prediction.objects.exists()
    assert stored_files() == before
