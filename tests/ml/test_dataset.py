from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.dataset import (
    Sample,
    groups,
    load_pixels,
    read_pairs,
    read_paths,
    read_picture,
    read_samples,
    split,
    twins_of,
)
from ml.errors import InputError
from ml.preprocessing import to_pixels
from tests.lesions import render


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
    assert read_samples(manifest) == [
        Sample((tmp_path / "images/a.jpg").resolve(), "malignant"),
        Sample((tmp_path / "lists/b.jpg").resolve(), "benign"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"path,label\na.jpg,benign\n", "needs the columns"),
        (b"", "needs the columns"),
        (b"path,diagnosis\n", "no picture"),
        (b"path,diagnosis\na.jpg,melanoma\n", "melanoma"),
        (b"path,diagnosis\na.jpg\n", "fewer values"),
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


def test_twins_are_found_on_either_side_of_a_pair():
    a, b, c, d, e = map(Path, "abcde")
    assert twins_of([a], [(a, b), (c, a), (d, e)]) == {b, c}


def test_near_duplicates_are_grouped_also_by_way_of_a_picture_outside_the_samples(sample):
    a, b, c, d = (sample(name) for name in "abcd")
    outside = Path("/elsewhere/x")
    grouped = groups([a, b, c, d], [(a.path, outside), (outside, c.path), (Path("/y"), Path("/z"))])
    assert sorted([s.path.name for s in group] for group in grouped) == [["a", "c"], ["b"], ["d"]]


@given(
    edges=st.lists(st.tuples(st.integers(0, 45), st.integers(0, 45)), max_size=60),
    share=st.floats(0.05, 0.5),
    seed=st.integers(0, 1000),
)
def test_a_split_loses_no_picture_and_parts_no_near_duplicates(edges, share, seed):
    # Pictures 40 to 45 are outside the samples and only link others.
    path = [Path(f"/{index}") for index in range(46)]
    samples = [Sample(path[index], ("benign", "malignant")[index % 2]) for index in range(40)]
    pairs = [(path[a], path[b]) for a, b in edges]
    training, validation = split(samples, pairs, share, seed)
    assert sorted(training + validation, key=str) == sorted(samples, key=str)
    assert len(validation) <= share * len(samples)
    linked = groups(samples, pairs)
    for group in linked:
        assert len({sample in validation for sample in group}) == 1


def test_a_split_takes_its_share_of_each_class(sample):
    samples = [sample(f"b{index}") for index in range(200)]
    samples += [sample(f"m{index}", "malignant") for index in range(50)]
    training, validation = split(samples, [], 0.1, 1)
    assert (len(training), len(validation)) == (225, 25)
    assert sum(s.target for s in validation) == 5


def test_the_seed_decides_the_split(sample):
    samples = [sample(str(index), label) for index, label in product(range(30), ("benign",))]
    assert split(samples, [], 0.3, 1) == split(samples, [], 0.3, 1)
    assert split(samples, [], 0.3, 1) != split(samples, [], 0.3, 2)


def test_pixels_come_in_the_order_of_the_samples(training_folder):
    samples = read_samples(training_folder)
    pixels = load_pixels(samples, 16)
    assert pixels.shape == (24, 16, 16, 3)
    for index in (0, 11, 23):
        assert np.array_equal(pixels[index], to_pixels(read_picture(samples[index].path), 16))


@pytest.mark.parametrize("content", [b"", b"no picture", "truncated"])
def test_a_picture_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / "broken.png"
    render(1, (64, 64)).save(path)
    path.write_bytes(path.read_bytes()[:300] if content == "truncated" else content)
    with pytest.raises(InputError, match=r"broken\.png"):
        load_pixels([Sample(path, "benign")], 16)


def test_a_missing_picture_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.png"):
        read_picture(tmp_path / "gone.png")
