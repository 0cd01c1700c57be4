from __future__ import annotations

import pytest

from ml.errors import InputError
from ml.selection import counts, select


@pytest.fixture
def chosen(training_folder, test_folder, tmp_path):
    """Select from the training folder, with one picture excluded and one a twin of the test."""
    exclude = tmp_path / "exclude.csv"
    exclude.write_text(f"path\n{training_folder}/benign/benign-0.png\n")
    pairs = tmp_path / "pairs.csv"
    pairs.write_text(
        "path_a,path_b\n"
        f"{test_folder}/malignant/malignant-2.png,{training_folder}/malignant/malignant-7.png\n"
        f"{training_folder}/benign/benign-3.png,{training_folder}/benign/benign-4.png\n"
    )

    def choose(**changes):
        arguments = {
            "near_duplicates": pairs,
            "exclude": exclude,
            "held_out": [test_folder],
            "validation_share": 0.25,
            "seed": 1,
        }
        return select([training_folder], **(arguments | changes))

    return choose


def names(samples):
    return {sample.path.name for sample in samples}


def test_excluded_pictures_and_twins_of_held_out_ones_are_dropped(chosen):
    selection = chosen()
    kept = names(selection.training) | names(selection.validation)
    assert len(kept) == 22
    assert not kept & {"benign-0.png", "malignant-7.png"}


def test_without_lists_every_picture_is_kept(chosen):
    selection = chosen(near_duplicates=None, exclude=None, held_out=[])
    assert len(selection.training) + len(selection.validation) == 24


def test_held_out_pictures_themselves_are_dropped(chosen, training_folder):
    with pytest.raises(InputError, match="Every class needs pictures"):
        chosen(held_out=[training_folder])


@pytest.mark.parametrize("seed", range(8))
def test_validation_shares_no_near_duplicate_with_training(chosen, seed):
    selection = chosen(seed=seed)
    pair = {"benign-3.png", "benign-4.png"}
    assert pair <= names(selection.training) or pair <= names(selection.validation)


def test_the_report_counts_every_picture_once(chosen):
    report = chosen().report
    assert report["found"] == {"benign": 12, "malignant": 12}
    assert report["dropped"] == {
        "excluded": {"benign": 1},
        "near_duplicate_of_held_out": {"malignant": 1},
    }
    for label in ("benign", "malignant"):
        assert report["training"][label] + report["validation"][label] == 11


def test_the_report_names_the_sets_without_the_paths_of_the_machine(chosen, tmp_path):
    report = chosen().report
    assert (report["sources"], report["held_out"]) == (["set/train"], ["set/test"])
    assert str(tmp_path.parent) not in str(report)


def test_the_fingerprint_follows_the_parts(chosen):
    assert chosen().report["fingerprint"] == chosen().report["fingerprint"]
    assert chosen().report["fingerprint"] != chosen(seed=2).report["fingerprint"]
    assert chosen().report["fingerprint"] != chosen(exclude=None).report["fingerprint"]


def test_a_split_without_validation_pictures_is_refused(chosen):
    with pytest.raises(InputError, match="--validation-share"):
        chosen(validation_share=0.01)


def test_counts_name_the_classes_there_are_in_their_order(sample):
    labels = ["malignant", "nv", "mel", "nv"]
    assert list(counts(sample(label, label) for label in labels).items()) == [
        ("mel", 1),
        ("nv", 2),
        ("malignant", 1),
    ]
