from __future__ import annotations

import csv

import pytest

from ml.__main__ import main
from ml.errors import InputError
from ml.manifest import read_samples
from ml.sources import class_folders, table


@pytest.fixture
def write(tmp_path):
    """Write a table and a picture file for each of its rows."""

    def make(text):
        path = tmp_path / "table.csv"
        path.write_text(text)
        images = tmp_path / "images"
        images.mkdir(exist_ok=True)
        for row in csv.reader(text.splitlines()[1:]):
            (images / f"{row[1] if row[0].startswith('HAM') else row[0]}.jpg").touch()
        return path, images

    return make


HAM = (
    "lesion_id,image_id,dx,dx_type,age,sex,localization\n"
    "HAM_1,ISIC_1,mel,histo,80.0,male,scalp\n"
    "HAM_1,ISIC_2,mel,histo,80.0,male,scalp\n"
    "HAM_2,ISIC_3,nv,follow_up,,unknown,back\n"
)


def test_the_metadata_of_ham10000(write):
    first, second, third = table(*write(HAM), "ham10000")
    assert (first.label, first.lesion, first.path.name) == ("mel", "HAM_1", "ISIC_1.jpg")
    assert first.details == {"source": "ham10000", "sex": "male", "age": "80.0", "site": "scalp"}
    assert second.lesion == "HAM_1"
    assert third.details == {"source": "ham10000", "site": "back"}


def test_the_ground_truth_of_isic_2018(write):
    source = write(
        "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC\na,0.0,1.0,0.0,0.0,0.0,0.0,0.0\nb,0,0,0,0,0,0,1\n"
    )
    assert [sample.label for sample in table(*source, "isic2018")] == ["nv", "vasc"]


def test_the_ground_truth_of_isic_2017(write):
    source = write("image_id,melanoma,seborrheic_keratosis\na,1.0,0.0\nb,0.0,1.0\nc,0.0,0.0\n")
    assert [sample.label for sample in table(*source, "isic2017")] == ["mel", "bkl", "nv"]


def test_diagnoses_that_are_written_out(write):
    source = write("image_id,diagnosis,sex\na,nevus,male\nb,seborrheic_keratosis,\nc,melanoma,\n")
    samples = table(*source, "isic2017", "1.333")
    assert [sample.label for sample in samples] == ["nv", "bkl", "mel"]
    assert samples[0].details["aspect"] == "1.333"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,dx\na,nv\n", "needs one of the columns"),
        ("image,dx\n", "no rows"),
        ("image,dx\na,wart\n", "not known"),
        ("image,MEL,NV\na,1,1\n", "must mark one"),
        ("image,MEL,NV\na,0,0\n", "must mark one"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(write, text, message):
    with pytest.raises(InputError, match=message):
        table(*write(text), "isic")


def test_a_missing_picture_is_named(write):
    path, images = write(HAM)
    (images / "ISIC_2.jpg").unlink()
    with pytest.raises(InputError, match=r"ISIC_2.*--images"):
        table(path, images, "ham10000")


def test_class_folders_name_their_source(training_folder):
    samples = class_folders(training_folder, "melanoma")
    assert {sample.source for sample in samples} == {"melanoma"}
    assert len(samples) == 24


def test_a_manifest_is_split_by_lesion(write, tmp_path):
    rows = [f"HAM_{i // 2},ISIC_{i},nv,histo,50,male,back" for i in range(80)]
    path, _ = write(HAM.splitlines()[0] + "\n" + "\n".join(rows) + "\n")
    output, held_out = tmp_path / "out/rest.csv", tmp_path / "out/held-out.csv"
    options = ["--source", "ham10000", "--output", output, "--held-out", held_out]
    assert main([str(part) for part in ("manifest", path, *options, "--held-out-share", 0.25)]) == 0
    rest, test = read_samples(output), read_samples(held_out)
    assert (len(rest), len(test)) == (60, 20)
    assert not {s.lesion for s in rest} & {s.lesion for s in test}


def test_a_manifest_leaves_out_the_twins_of_another_set(training_folder, test_folder, tmp_path):
    pairs = tmp_path / "pairs.csv"
    pairs.write_text(
        "path_a,path_b\n"
        f"{test_folder}/malignant/malignant-2.png,{training_folder}/malignant/malignant-7.png\n"
    )
    output = tmp_path / "rest.csv"
    options = ["--source", "set", "--output", output, "--without-twins-of", training_folder]
    command = [str(part) for part in ("manifest", test_folder, *options)]
    assert main(command) == 2
    assert main([*command, "--near-duplicates", str(pairs)]) == 0
    names = [sample.path.name for sample in read_samples(output)]
    assert len(names) == 11
    assert "malignant-2.png" not in names
