"""``python -m ml samples`` keeps with a bundle what a worker answers about a folder's pictures."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from ml.judging.analysis import analyse
from ml.judging.predictor import Predictor
from ml.packaging.bundle import Bundle, digest
from tests.lesions import render
from tests.ml.commands.conftest import command

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def pictures(tmp_path):
    """Return a folder with two pictures and the file that tells of them."""
    told = []
    for seed, slug in enumerate(("first", "second")):
        render(seed, (256, 256)).save(tmp_path / f"{slug}.png")
        told.append({"slug": slug, "file": f"{slug}.png"})
    (tmp_path / "pictures.json").write_text(json.dumps({"pictures": told}))
    return tmp_path


def test_the_answers_are_those_of_a_worker_with_their_heat_maps(exported, pictures):
    command("samples", "--bundle", exported, "--pictures", pictures)
    bundle = Bundle.read(exported)
    kept = json.loads(bundle.samples_path.read_text())
    assert kept["weights_sha256"] == bundle.sha256
    assert list(kept["answers"]) == ["first", "second"]
    for slug, answer in kept["answers"].items():
        path = pictures / f"{slug}.png"
        with Image.open(path) as image:
            (found,) = analyse(Predictor.load(bundle), [image])
        expected = found.told()
        assert answer["sha256"] == digest(path)
        assert (answer["width"], answer["height"]) == (256, 256)
        assert answer.keys() - {"sha256", "width", "height", "heat_map"} == expected.keys()
        for name in ("verdict", "abcd", "judged_as", "frame"):
            assert answer[name] == json.loads(json.dumps(expected[name]))
        assert answer["malignant_probability"] == pytest.approx(
            expected["malignant_probability"], abs=1e-5
        )
        with Image.open(exported / answer["heat_map"]) as heat_map:
            assert heat_map.size == found.heat_map.size


def test_a_picture_that_is_not_judged_is_refused(refused, exported, pictures):
    Image.new("RGB", (256, 256), "tan").save(pictures / "second.png")
    before = Bundle.read(exported).samples_path
    before.unlink(missing_ok=True)
    sentence = refused("samples", "--bundle", exported, "--pictures", pictures)
    assert "does not judge" in sentence
    assert "second.png" in sentence
    assert not before.exists()


@pytest.mark.parametrize("told", ["no JSON", "[]", '{"pictures": [{"slug": "first"}]}'])
def test_a_folder_that_does_not_tell_its_pictures_is_refused(refused, exported, pictures, told):
    (pictures / "pictures.json").write_text(told)
    assert "slug and file" in refused("samples", "--bundle", exported, "--pictures", pictures)
