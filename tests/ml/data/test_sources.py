from __future__ import annotations

import csv

import pytest

from ml.__main__ import main
from ml.data.manifest import read_samples
from ml.data.sources import class_folders, other_pictures, table
from ml.errors import InputError


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a table and a picture file for each of its rows."""

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


def test_the_metadata_of_ham10000_become_samples(write):
    first, second, third = table(*write(HAM), "ham10000")
    assert (first.label, first.lesion, first.path.name) == ("mel", "HAM_1", "ISIC_1.jpg")
    assert first.details == {
        "source": "ham10000",
        "image_type": "dermoscopic",
        "sex": "male",
        "age": "80.0",
        "site": "scalp",
    }
    assert second.lesion == "HAM_1"
    assert third.details == {
        "source": "ham10000",
        "image_type": "dermoscopic",
        "site": "back",
    }


def test_the_ground_truth_of_isic_2018_becomes_labels(write):
    source = write(
        "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC\na,0.0,1.0,0.0,0.0,0.0,0.0,0.0\nb,0,0,0,0,0,0,1\n"
    )
    assert [sample.label for sample in table(*source, "isic2018")] == ["nv", "vasc"]


def test_the_ground_truth_of_isic_2017_becomes_labels(write):
    source = write("image_id,melanoma,seborrheic_keratosis\na,1.0,0.0\nb,0.0,1.0\nc,0.0,0.0\n")
    assert [sample.label for sample in table(*source, "isic2017")] == ["mel", "bkl", "nv"]


def test_diagnoses_that_are_written_out_become_labels(write):
    source = write("image_id,diagnosis,sex\na,nevus,male\nb,seborrheic_keratosis,\nc,melanoma,\n")
    samples = table(*source, "isic2017", aspect="1.333")
    assert [sample.label for sample in samples] == ["nv", "bkl", "mel"]
    assert samples[0].details["aspect"] == "1.333"


def test_a_table_can_say_of_each_picture_whether_it_was_squashed(write):
    source = write("image_id,diagnosis,geometry\na,nevus,squashed\nb,nevus,centre_square\n")
    assert [sample.details.get("aspect") for sample in table(*source, "isic2017")] == [
        "1.333",
        None,
    ]


MILK = (
    "lesion_id,image_id,image_type,dx,age,sex,skin_tone_class,site,file\n"
    "IL_1,ISIC_1,dermoscopic,sccka,70,male,1,head_neck_face,dermoscopic/ISIC_1.webp\n"
    "IL_1,ISIC_2,clinical,sccka,70,male,1,head_neck_face,clinical/ISIC_2.webp\n"
    "IL_2,ISIC_3,clinical,inf,70,male,,hand,clinical/ISIC_3.webp\n"
    "IL_3,ISIC_4,clinical,mal_oth,70,male,5,hand,clinical/ISIC_4.webp\n"
)


def test_milk10k_has_two_kinds_of_picture_in_two_folders(tmp_path):
    for folder, name in (("dermoscopic", 1), ("clinical", 2), ("clinical", 3), ("clinical", 4)):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / f"ISIC_{name}.webp").touch()
    (tmp_path / "metadata.csv").write_text(MILK)
    samples = table(tmp_path / "metadata.csv", tmp_path / "images", "milk10k")
    assert [sample.label for sample in samples] == ["scc", "scc", "benign", "malignant"]
    assert [sample.domain for sample in samples] == ["milk10k", *["milk10k/clinical"] * 3]
    assert samples[0].lesion == samples[1].lesion
    assert samples[0].details["skin_tone_class"] == "1"
    assert samples[0].path == (tmp_path / "dermoscopic/ISIC_1.webp").resolve()


def test_isic_2020_names_few_diagnoses_and_the_patient(write):
    source = write(
        "image_id,patient_id,diagnosis,benign_malignant\n"
        "a,IP_1,unknown,benign\nb,IP_1,melanoma,malignant\nc,IP_2,lentigo NOS,benign\n"
    )
    samples = table(*source, "isic2020")
    assert [sample.label for sample in samples] == ["benign", "mel", "bkl"]
    assert [sample.patient for sample in samples] == ["IP_1", "IP_1", "IP_2"]


def test_bcn20000_tells_squamous_cell_carcinoma_from_keratosis(write):
    source = write("image_id,dx\na,ak\nb,scc\n")
    assert [sample.label for sample in table(*source, "bcn20000")] == ["akiec", "scc"]


def test_pictures_without_a_diagnosis_tell_their_kind(write):
    source = write("image_id,patient_id,dx\na,,\nb,PAT_1,bcc\n")
    first, second = table(*source, "pad_ufes_20", image_type="clinical")
    assert (first.label, second.label) == ("unknown", "bcc")
    assert first.image_type == second.image_type == "clinical"


def test_a_folder_of_other_things_is_read_whole(training_folder, tmp_path):
    (tmp_path / "empty").mkdir()
    found = other_pictures(training_folder, "wallpapers")
    assert len(found) == 24
    assert {(sample.label, sample.domain) for sample in found} == {("unknown", "wallpapers/other")}
    with pytest.raises(InputError, match="no picture"):
        other_pictures(tmp_path / "empty", "wallpapers")


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
