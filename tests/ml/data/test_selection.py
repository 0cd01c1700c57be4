from __future__ import annotations

import pytest

from ml.data.manifest import Sample, write_manifest
from ml.data.selection import coarser_repeats, counts, select
from ml.errors import InputError
from tests.ml.conftest import choose


@pytest.fixture
def chosen(training_folder, test_folder, tmp_path):
    """Return a function that selects from the training folder.

    One picture there is excluded, and one has a near-duplicate in the test folder.
    """
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


@pytest.fixture
def manifest(tmp_path):
    """Return a function that writes a manifest of pictures that need not exist.

    It takes the pictures as ``name: (label, lesion)``.
    """

    def write(name, pictures):
        samples = [
            Sample(tmp_path / "pictures" / picture, label, lesion=lesion)
            for picture, (label, lesion) in pictures.items()
        ]
        write_manifest(tmp_path / name, samples)
        return tmp_path / name

    return write


@pytest.fixture
def listed(manifest, tmp_path):
    """Return a function that selects from twelve pictures.

    The pictures ``2``, ``3`` and ``4`` show one lesion, and the rest one each.
    """
    lesions = {str(i): "L2" if i in (2, 3, 4) else f"L{i}" for i in range(12)}
    source = manifest("all.csv", {name: ("nv", lesion) for name, lesion in lesions.items()})

    def choose(pairs=(), held_out=None):
        path = tmp_path / "pairs.csv"
        rows = (f"pictures/{a},pictures/{b}" for a, b in pairs)
        path.write_text("\n".join(["path_a,path_b", *rows]) + "\n")
        measured = [manifest("held-out.csv", held_out)] if held_out else []
        return select(
            [source],
            near_duplicates=path,
            exclude=None,
            held_out=measured,
            validation_share=0.25,
            seed=1,
        )

    return choose


def test_other_views_of_a_held_out_lesion_are_dropped(listed):
    selection = listed(held_out={"elsewhere": ("nv", "L2")})
    assert not names(selection.training + selection.validation) & {"2", "3", "4"}
    assert selection.report["dropped"] == {"same_lesion_as_held_out": {"nv": 3}}


def test_with_a_twin_of_a_held_out_picture_its_whole_lesion_is_dropped(listed):
    selection = listed(pairs=[("measured", "3")], held_out={"measured": ("nv", "")})
    assert not names(selection.training + selection.validation) & {"2", "3", "4"}
    assert selection.report["dropped"] == {
        "near_duplicate_of_held_out": {"nv": 1},
        "same_lesion_as_held_out": {"nv": 2},
    }


def test_pictures_without_a_known_lesion_are_no_views_of_one(manifest):
    selection = select(
        [manifest("all.csv", {str(i): ("nv", "") for i in range(8)})],
        near_duplicates=None,
        exclude=None,
        held_out=[manifest("held-out.csv", {"elsewhere": ("nv", "")})],
        validation_share=0.25,
        seed=1,
    )
    assert selection.report["dropped"] == {}


def test_of_the_same_photograph_twice_the_finer_label_is_kept(sample):
    fine, coarse, open_, alone = (
        sample("a", "mel"),
        sample("b", "malignant"),
        sample("c", "not_melanoma"),
        sample("d", "malignant"),
    )
    pairs = [(coarse.path, fine.path), (coarse.path, open_.path), (alone.path, sample("x").path)]
    assert coarser_repeats([fine, coarse, open_, alone], pairs) == {coarse.path, open_.path}
    twins = [sample("e", "nv"), sample("f", "nv")]
    assert coarser_repeats(twins, [(twins[0].path, twins[1].path)]) == set()


def test_a_coarse_repeat_is_dropped_and_counted(manifest, tmp_path):
    fine = manifest("fine.csv", {f"f{i}": ("nv", "") for i in range(8)})
    coarse = manifest("coarse.csv", {f"c{i}": ("benign", "") for i in range(8)})
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("path_a,path_b\npictures/f3,pictures/c5\n")
    selection = select(
        [fine, coarse],
        near_duplicates=pairs,
        exclude=None,
        held_out=[],
        validation_share=0.25,
        seed=1,
    )
    kept = names(selection.training + selection.validation)
    assert "f3" in kept
    assert "c5" not in kept
    assert selection.report["dropped"] == {"near_duplicate_with_a_finer_label": {"benign": 1}}
    assert selection.report["sources"][1].endswith("/coarse.csv")
    assert selection.report["found"] == {"nv": 8, "benign": 8}


def test_the_fingerprint_follows_a_label(manifest):
    def fingerprint(label):
        pictures = {str(i): ("nv", "") for i in range(7)} | {"7": (label, "")}
        source = manifest("all.csv", pictures | {"8": ("mel", ""), "9": ("mel", "")})
        return choose(source, validation_share=0.5).report["fingerprint"]

    assert fingerprint("nv") == fingerprint("nv")
    assert fingerprint("nv") != fingerprint("mel")
