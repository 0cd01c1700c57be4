from __future__ import annotations

import pytest

from ml.data.manifest import Sample, binary, read_pairs, read_paths, read_samples, write_manifest
from ml.errors import InputError


def test_class_folders_are_read_in_a_fixed_order(training_folder):
    samples = read_samples(training_folder)
    assert [sample.label for sample in samples] == ["benign"] * 12 + ["malignant"] * 12
    assert [sample.target for sample in samples] == [0] * 12 + [1] * 12
    assert samples == sorted(samples, key=lambda sample: str(sample.path))
    assert all(sample.path.is_absolute() for sample in samples)


def test_only_pictures_in_class_folders_are_read(tmp_path):
    for name in ("benign/a.JPG", "benign/b.tiff", "benign/notes.txt", "malignant/c.png", "d.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert [sample.path.name for sample in read_samples(tmp_path)] == ["a.JPG", "b.tiff", "c.png"]


def test_a_manifest_names_pictures_relative_to_itself(tmp_path):
    manifest = tmp_path / "lists" / "all.csv"
    manifest.parent.mkdir()
    manifest.write_text("path,diagnosis,age\n../images/a.jpg,malignant,50\nb.jpg,benign,\n")
    first, second = read_samples(manifest)
    assert (first.path, first.label) == ((tmp_path / "images/a.jpg").resolve(), "malignant")
    assert (second.path, second.label) == ((tmp_path / "lists/b.jpg").resolve(), "benign")
    assert (first.name, first.details, second.details) == ("../images/a.jpg", {"age": "50"}, {})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"path,label\na.jpg,benign\n", "needs the columns"),
        (b"", "needs the columns"),
        (b"path,diagnosis\n", "no picture"),
        (b"path,diagnosis\na.jpg,wart\n", "wart"),
        (b"path,diagnosis\na.jpg\n", "fewer values"),
        (b"path,diagnosis,image_type\na.jpg,nv,x-ray\n", "x-ray"),
        (b"path,diagnosis\n\xff\xfe,benign\n", "not a CSV file"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused(tmp_path, content, message):
    manifest = tmp_path / "all.csv"
    manifest.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_samples(manifest)


def test_a_directory_without_class_folders_is_refused(tmp_path):
    with pytest.raises(InputError, match="no picture"):
        read_samples(tmp_path)


def test_a_class_folder_of_another_name_is_refused(tmp_path):
    (tmp_path / "nevus").mkdir()
    (tmp_path / "nevus/a.png").touch()
    with pytest.raises(InputError, match=r"\['nevus'\]"):
        read_samples(tmp_path)


def test_a_source_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_samples(tmp_path / "nothing")


def test_pairs_and_paths_are_relative_to_their_file(tmp_path):
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("path_a,path_b,correlation\na/1.jpg,b/2.jpg,0.99\n")
    assert read_pairs(pairs) == [
        ((tmp_path / "a/1.jpg").resolve(), (tmp_path / "b/2.jpg").resolve())
    ]
    paths = tmp_path / "paths.csv"
    paths.write_text("path\na/1.jpg\n")
    assert read_paths(paths) == {(tmp_path / "a/1.jpg").resolve()}


def test_a_manifest_comes_back_as_it_was_written(tmp_path):
    details = {
        "source": "ham10000",
        "aspect": "1.333",
        "sex": "female",
        "age": "45",
        "site": "back",
        "patient_id": "IP_1",
        "image_type": "clinical",
        "skin_tone_class": "4",
    }
    samples = [
        Sample((tmp_path / "a/1.jpg").resolve(), "mel", lesion="HAM_1", details=details),
        Sample((tmp_path / "b/2.jpg").resolve(), "not_melanoma"),
    ]
    path = tmp_path / "lists" / "all.csv"
    write_manifest(path, samples)
    again = read_samples(path)
    assert [(s.path, s.label, s.lesion, s.details) for s in again] == [
        (s.path, s.label, s.lesion, s.details) for s in samples
    ]
    assert (again[0].source, again[0].domain) == ("ham10000", "ham10000/clinical")
    assert (again[0].patient, again[0].image_type) == ("IP_1", "clinical")
    assert str(tmp_path) not in path.read_text()


def test_a_label_is_benign_malignant_or_neither():
    assert [binary(label) for label in ("nv", "akiec", "benign", "melanoma")] == [
        "benign",
        "malignant",
        "benign",
        "malignant",
    ]
    with pytest.raises(ValueError, match="not_melanoma"):
        binary("not_melanoma")


def test_only_the_pictures_of_the_named_collections_are_read(tmp_path):
    samples = [
        Sample(tmp_path / f"{source}.png", "nv", details={"source": source}) for source in "abc"
    ]
    for sample in samples:
        sample.path.write_bytes(b"picture")
    write_manifest(tmp_path / "manifest.csv", samples)
    found = read_samples(tmp_path / "manifest.csv", ["a", "c"])
    assert [sample.source for sample in found] == ["a", "c"]
    with pytest.raises(InputError, match="no picture of the sources d"):
        read_samples(tmp_path / "manifest.csv", ["d"])
