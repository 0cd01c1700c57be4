from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.data.dataset import groups, load_pixels, read_picture, read_sample, split, twins_of
from ml.data.manifest import Sample, read_samples
from ml.errors import InputError
from ml.judging.preprocessing import to_pixels
from tests.lesions import render


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


def test_views_of_one_lesion_are_grouped(sample):
    views = [Sample(Path(f"/{name}"), "nv", lesion=lesion) for name, lesion in ("ax", "by", "cx")]
    grouped = groups([*views, sample("d"), sample("e")], [(views[1].path, Path("/pictures/d"))])
    assert sorted(sorted(s.path.name for s in group) for group in grouped) == [
        ["a", "c"],
        ["b", "d"],
        ["e"],
    ]


def test_every_source_gives_its_share_of_each_class():
    samples = [
        Sample(Path(f"/{source}/{label}/{i}"), label, details={"source": source})
        for source, label, count in (("one", "nv", 40), ("one", "mel", 20), ("two", "nv", 100))
        for i in range(count)
    ]
    _, chosen = split(samples, [], 0.1, 1)
    strata = [(s.source, s.label) for s in chosen]
    assert {stratum: strata.count(stratum) for stratum in set(strata)} == {
        ("one", "nv"): 4,
        ("one", "mel"): 2,
        ("two", "nv"): 10,
    }


def test_a_squashed_picture_gets_its_proportions_back(tmp_path):
    path = tmp_path / "squashed.png"
    render(1, (60, 60)).save(path)
    assert read_sample(Sample(path, "nv")).size == (60, 60)
    assert read_sample(Sample(path, "nv", details={"aspect": "1.5"})).size == (90, 60)


@pytest.mark.parametrize("aspect", ["0", "-1", "wide", "nan", "inf", "1000"])
def test_an_impossible_aspect_is_refused(tmp_path, aspect):
    path = tmp_path / "squashed.png"
    render(1, (60, 60)).save(path)
    with pytest.raises(InputError, match="aspect"):
        read_sample(Sample(path, "nv", details={"aspect": aspect}))
