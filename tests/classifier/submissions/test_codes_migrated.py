"""The sentences that earlier releases stored become codes, and none of them is lost."""

from __future__ import annotations

from importlib import import_module

import pytest

from classifier.models import Submission
from classifier.sentences import failures, rejections
from tests.old_rows import CODES, LATE, OLD, SENTENCES, codes, migrate_old_rows, sentences

MIGRATION = import_module("classifier.migrations.0017_sentences_to_codes")


@pytest.fixture(scope="module")
def migrated(tmp_path_factory) -> dict[str, dict]:
    return migrate_old_rows(DATA_DIR=str(tmp_path_factory.mktemp("data")))


def test_known_sentences_become_codes_with_values(migrated):
    assert codes(migrated["forwards"]) == CODES


def test_every_sentence_is_kept_and_an_unknown_one_is_told(migrated):
    for name, row in migrated["forwards"].items():
        for column in ("rejection", "rejection_reason", "failure_reason"):
            assert row[column] == (OLD | LATE)[name].get(column, "")
    told = {name: Submission(**row) for name, row in migrated["forwards"].items()}
    assert told["mirrored"].rejection_sentence == "Turn it."
    assert told["late dark"].rejection_sentence == LATE["late dark"]["rejection_reason"]
    assert told["late cursed"].failure_sentence == "It is cursed too."
    assert told["cursed"].failure_sentence == "It is cursed."
    assert told["alone"].rejection_sentence == rejections.DERMOSCOPY_ALONE
    assert "at least 100 pixels" in told["small"].rejection_sentence
    assert told["dark"].rejection_sentence == rejections.SENTENCES["too_dark"]
    assert told["unreadable"].failure_sentence == failures.SENTENCES["unreadable"]
    assert told["waiting"].rejection_sentence == told["waiting"].failure_sentence == ""


def test_the_way_back_gives_the_earlier_release_a_sentence_for_every_code(migrated):
    assert sentences(migrated["back"]) == SENTENCES


def test_every_code_of_an_earlier_release_has_its_sentence_still():
    assert set(MIGRATION.FAILURES.values()) == set(failures.SENTENCES)
    assert set(MIGRATION.REJECTIONS.values()) == set(rejections.SENTENCES)
