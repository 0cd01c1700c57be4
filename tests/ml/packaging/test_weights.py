from __future__ import annotations

import zipfile

import numpy as np
import pytest

from ml.errors import InputError
from ml.packaging import weights

SHAPES = {"conv/kernel": (3, 3, 2, 4), "conv/bias": (4,), "dense/kernel": (250_001, 4)}


@pytest.fixture(scope="module")
def arrays():
    generator = np.random.default_rng(0)
    return {name: generator.normal(size=shape).astype("f4") for name, shape in SHAPES.items()}


@pytest.fixture
def path(arrays, tmp_path):
    path = tmp_path / "weights.npz"
    weights.save(path, arrays)
    return path


def rewrite(path, **changes):
    """Change arrays of a weights file, or take one out by None."""
    with np.load(path) as archive:
        stored = {name: archive[name] for name in archive.files}
    stored |= changes
    np.savez(path, **{name: array for name, array in stored.items() if array is not None})


def test_small_arrays_come_back_exactly_and_large_kernels_to_half_a_step(arrays, path):
    loaded = weights.load(path, SHAPES)
    assert loaded.keys() == arrays.keys()
    for name in ("conv/kernel", "conv/bias"):
        assert np.array_equal(loaded[name], arrays[name])
    difference = np.abs(loaded["dense/kernel"] - arrays["dense/kernel"])
    step = np.abs(arrays["dense/kernel"]).max(axis=0) / 127
    assert difference.max() > 0
    assert (difference <= step / 2 * 1.0001).all()
    assert all(array.dtype == np.float32 for array in loaded.values())


def test_a_large_kernel_takes_one_byte_a_number(path):
    assert path.stat().st_size < 1.05 * 1_000_004
    with zipfile.ZipFile(path) as archive:
        assert "dense/kernel.int8.npy" in archive.namelist()


def test_the_same_weights_give_the_same_file(arrays, path, tmp_path):
    weights.save(tmp_path / "again.npz", arrays)
    assert (tmp_path / "again.npz").read_bytes() == path.read_bytes()
    assert {file.name for file in tmp_path.iterdir()} == {"weights.npz", "again.npz"}


def test_numbers_that_are_not_finite_are_not_saved(tmp_path):
    with pytest.raises(InputError, match="bias holds numbers that are not finite"):
        weights.save(tmp_path / "w.npz", {"bias": np.array([1, np.nan])})


@pytest.mark.parametrize("share", [0, 0.001, 0.5, 0.999])
def test_a_truncated_file_is_refused(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError, match="no readable weights file"):
        weights.load(path, SHAPES)


def test_flipped_bits_are_refused(path):
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(byte ^ 255 for byte in content[middle : middle + 64])
    path.write_bytes(content)
    with pytest.raises(InputError, match="no readable weights file"):
        weights.load(path, SHAPES)


def test_a_bare_array_is_refused(path):
    with path.open("wb") as stream:
        np.save(stream, np.zeros(3))
    with pytest.raises(InputError, match="no readable weights file"):
        weights.load(path, SHAPES)


def test_pickled_objects_are_never_loaded(path):
    rewrite(path, **{"conv/bias": np.array([{"a": 1}], object)})
    with pytest.raises(InputError, match="no readable weights file"):
        weights.load(path, SHAPES)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"conv/bias": None}, r"Missing: \['conv/bias'\]"),
        ({"more": np.zeros(2, "f4")}, r"Unknown: \['more'\]"),
        ({"conv/bias": np.zeros(5, "f4")}, r"Expected conv/bias of shape \(4,\)"),
        ({"conv/bias": np.zeros(4, "f8")}, "expected conv/bias as float32"),
        ({"conv/bias": np.array([0, 0, 0, np.inf], "f4")}, "conv/bias holds numbers"),
        ({"dense/kernel.scale": None}, "dense/kernel.int8 has no fitting scale"),
        ({"dense/kernel.scale": np.ones(3, "f4")}, "no fitting scale"),
        ({"dense/kernel.scale": np.full(4, np.nan, "f4")}, "dense/kernel holds numbers"),
        ({"dense/kernel.int8": None}, r"Missing: \['dense/kernel'\]"),
        ({"dense/kernel.int8": np.zeros((250_001, 4), "f4")}, "as int8"),
    ],
)
def test_arrays_of_another_network_are_refused(path, changes, message):
    rewrite(path, **changes)
    with pytest.raises(InputError, match=message):
        weights.load(path, SHAPES)
