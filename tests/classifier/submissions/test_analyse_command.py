"""A stranger can run ``manage.py analyse``, as a process with the network that ships."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from classifier import predictors
from classifier.management.commands import analyse
from ml.judging.frames import Box
from ml.packaging.bundle import available, find
from tests.classifier.fakes import REJECTION, FakeAnalyst
from tests.factories import picture
from tests.site import ROOT

OF_THE_FILE = ["file", "status", "reason", "problem", "model", "model_version"]
OF_THE_PICTURE = ["image_type", "frame"]
OF_THE_RESULT = [
    "verdict",
    "malignant_probability",
    "confidence",
    "probabilities",
    "possible",
    "coverage",
    "spread_low",
    "spread_high",
    "heat_inside",
    "abcd",
    "outline",
    "judged_as",
    "inference_ms",
    "diameter_mm",
]


@pytest.fixture
def run(tmp_path: Path):
    """Return a function that runs the command where there is no database and no broker."""

    def process(*arguments: str | bytes) -> subprocess.CompletedProcess[bytes]:
        nowhere = {
            "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
            "REDIS_URL": "redis://127.0.0.1:1",
            "DATA_DIR": str(tmp_path / "data"),
        }
        environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
        return subprocess.run(
            [sys.executable, "manage.py", "analyse", *arguments],
            cwd=ROOT,
            env=environment | nowhere,
            capture_output=True,
            check=False,
        )

    return process


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Return files by name, so that there is one for every answer."""
    contents = {
        "mole.jpg": picture(size=(320, 240), seed=3),
        "mole.png": picture("png", size=(240, 320), seed=1),
        "wrong name.txt": picture("webp", size=(320, 240), seed=2),
        "copy of mole.jpg": picture(size=(320, 240), seed=3),
        "letter.jpg": b"Dear doctor",
        "empty.jpg": b"",
        "half.jpg": picture()[:900],
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder").mkdir()
    return {name: tmp_path / name for name in [*contents, "folder", "missing.jpg"]}


GOOD = ["mole.jpg", "mole.png", "wrong name.txt", "copy of mole.jpg"]


ANSWERS = {
    "lesion-net": ["akiec", "bcc", "bkl", "df", "mel", "nv", "scc", "vasc"],
    "seven-stage": ["benign", "malignant"],
}
#: A drawn lesion is called one of these.
IMAGE_TYPES = {"lesion-net": ["dermoscopic", "clinical"], "seven-stage": [None]}


@pytest.mark.parametrize(
    ("options", "name"), [([], "lesion-net"), (["--model", "seven-stage"], "seven-stage")]
)
def test_json_of_the_networks_that_ship(run, files, options, name):
    answer = run(*map(str, files.values()), "--json", *options)
    assert answer.stderr == b""
    assert answer.returncode == 1  # some were rejected
    lines = [json.loads(line) for line in answer.stdout.decode().splitlines()]
    assert [line["file"] for line in lines] == [str(path) for path in files.values()]
    shipped = find(name)
    answers = {}
    for file, line in zip(files, lines, strict=True):
        assert list(line) == OF_THE_FILE + OF_THE_PICTURE + OF_THE_RESULT
        assert (line["model"], line["model_version"]) == (name, shipped.version)
        if file not in GOOD:
            assert line["status"] == "rejected"
            assert line["reason"].endswith(".")
            assert line["problem"]
            assert {line[field] for field in OF_THE_RESULT} == {None}
            continue
        assert line["problem"] is line["frame"] is None
        assert line["image_type"] in IMAGE_TYPES[name]
        assert line["abcd"]["diameter"] > 50
        assert all(len(corner) == 2 for corner in line["outline"])
        assert len(line["outline"]) > 4
        assert line["diameter_mm"] is None
        assert 0 <= line["heat_inside"] <= 1
        assert line["spread_low"] is line["spread_high"] is None
        assert (line["status"], line["reason"]) == ("done", None)
        probabilities = line["probabilities"]
        assert list(probabilities) == ANSWERS[name]
        assert sum(probabilities.values()) == pytest.approx(1)
        malignant = line["malignant_probability"]
        assert malignant == pytest.approx(sum(probabilities[key] for key in shipped.malignant))
        called = "malignant" if malignant >= shipped.threshold else "benign"
        assert line["verdict"] in (called, "uncertain")
        assert line["confidence"] == pytest.approx(
            malignant if called == "malignant" else 1 - malignant
        )
        assert set(line["possible"]) <= set(probabilities)
        # The seven-stage network promises nothing.
        assert (line["coverage"], bool(line["possible"])) == (
            (0.9, True) if shipped.limits_sha256 else (None, False)
        )
        assert 0 < line["inference_ms"] < 60_000
        answers[file] = malignant
    assert len(set(answers.values())) == 3  # the network does look at each picture
    assert answers["copy of mole.jpg"] == answers["mole.jpg"]


def test_pictures_that_cannot_be_judged(run, tmp_path):
    black, fractal = tmp_path / "black.png", tmp_path / "fractal.png"
    Image.new("RGB", (320, 240)).save(black)
    Image.effect_mandelbrot((320, 240), (-2, -1.2, 1, 1.2), 60).convert("RGB").save(fractal)
    answer = run(str(black), str(fractal), "--json")
    assert answer.returncode == 1
    first, second = (json.loads(line) for line in answer.stdout.decode().splitlines())
    assert (first["status"], first["problem"]) == ("rejected", "too_dark")
    assert second["status"] == "rejected"
    for line in (first, second):
        assert line["reason"].endswith(".")
        assert line["probabilities"] is line["verdict"] is line["malignant_probability"] is None


def test_an_unknown_model(run, files):
    answer = run(str(files["mole.jpg"]), "--model", "no-such-model")
    assert answer.returncode == 1
    assert b"no model called 'no-such-model'; choose one of:" in answer.stderr
    for shipped in available():
        assert shipped.name.encode() in answer.stderr
    assert b"Traceback" not in answer.stderr
    assert answer.stdout == b""


def test_no_file_at_all(run):
    answer = run()
    assert answer.returncode != 0
    assert b"usage" in answer.stderr
    assert b"Traceback" not in answer.stderr


@pytest.fixture
def quick(monkeypatch):
    """Return a function that runs the command here, with a network that answers at once."""
    monkeypatch.setattr(analyse.Predictor, "load", lambda *args, **options: None)
    monkeypatch.setattr(predictors, "make_analyst", lambda network: FakeAnalyst())

    def called(*arguments: str) -> tuple[int, str]:
        output = io.StringIO()
        try:
            call_command("analyse", *arguments, stdout=output)
        except SystemExit as end:
            return int(end.code or 0), output.getvalue()
        return 0, output.getvalue()

    return called


@pytest.mark.parametrize(("rejection", "status"), [(None, "done"), (REJECTION, "rejected")])
def test_how_a_picture_was_taken_and_what_its_border_left(
    quick, files, monkeypatch, rejection, status
):
    fake = FakeAnalyst()
    fake.rejection, fake.image_type, fake.judged_as = rejection, "clinical", "clinical"
    fake.frame = Box(9, 8, 300, 200)
    monkeypatch.setattr(predictors, "make_analyst", lambda network: fake)
    _, output = quick(str(files["mole.jpg"]), "--json")
    answer = json.loads(output)
    assert answer["status"] == status
    assert (answer["image_type"], answer["frame"]) == ("clinical", [9, 8, 300, 200])
    assert answer["judged_as"] == (None if rejection else "clinical")


def test_good_files_alone_end_well(quick, files):
    code, output = quick(*(str(files[name]) for name in GOOD), "--json")
    assert code == 0
    assert [json.loads(line)["status"] for line in output.splitlines()] == ["done"] * 4


@pytest.mark.parametrize(
    ("name", "problem", "reason"),
    [
        ("letter.jpg", "not_a_picture", "not a picture we can read"),
        ("empty.jpg", "empty", "The file is empty"),
        ("half.jpg", "damaged", "damaged or incomplete"),
        ("folder", "not_opened", "Is a directory"),
        ("missing.jpg", "not_opened", "No such file"),
    ],
)
def test_why_a_file_is_rejected(quick, files, name, problem, reason):
    code, output = quick(str(files[name]), str(files["mole.jpg"]), "--json")
    assert code == 1
    rejected, done = map(json.loads, output.splitlines())
    assert rejected["status"] == "rejected"
    assert rejected["problem"] == problem
    assert reason in rejected["reason"]
    assert done["status"] == "done"


def test_in_words(quick, files):
    code, output = quick(str(files["mole.jpg"]), str(files["letter.jpg"]))
    assert code == 1
    done, rejected = output.splitlines()
    version = find("lesion-net").version
    assert done == (
        f"{files['mole.jpg']}: malignant, 75.0 % confident (lesion-net {version}; not a diagnosis)"
    )
    assert rejected.startswith(f"{files['letter.jpg']}: rejected. This is not a picture")


@pytest.mark.parametrize("json_lines", [True, False])
def test_a_name_that_is_no_text(quick, tmp_path, monkeypatch, json_lines):
    path = os.fsencode(tmp_path) + b"/mole-\xff.jpg"
    with open(path, "wb") as stream:  # noqa: PTH123
        stream.write(picture())
    strict = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="strict")
    with redirect_stdout(strict):
        call_command("analyse", os.fsdecode(path), *["--json"][: int(json_lines)])
    strict.seek(0)
    assert "malignant" in strict.read()


def test_a_diameter_in_millimetres(quick, files):
    code, output = quick(str(files["mole.jpg"]), "--json", "--pixels-per-mm", "20")
    assert code == 0
    line = json.loads(output)
    assert (line["abcd"]["diameter"], line["diameter_mm"]) == (84.0, 4.2)


def test_a_lesion_without_a_clear_outline_has_no_diameter(quick, files, monkeypatch):
    fake = FakeAnalyst()
    fake.abcd = None
    monkeypatch.setattr(predictors, "make_analyst", lambda network: fake)
    code, output = quick(str(files["mole.jpg"]), "--json", "--pixels-per-mm", "20")
    assert code == 0
    line = json.loads(output)
    assert (line["abcd"], line["diameter_mm"]) == ({}, None)


@pytest.mark.parametrize("scale", ["0", "-2", "nan", "wide"])
def test_a_scale_that_is_none(quick, files, scale):
    with pytest.raises(CommandError, match="pixels-per-mm"):
        quick(str(files["mole.jpg"]), f"--pixels-per-mm={scale}")


def test_not_being_sure_in_words(quick, files, monkeypatch):
    fake = FakeAnalyst(malignant_probability=0.25)
    fake.possible = ("benign", "malignant")
    monkeypatch.setattr(predictors, "make_analyst", lambda network: fake)
    _, output = quick(str(files["mole.jpg"]))
    assert "mole.jpg: uncertain, malignant 25.0 % (lesion-net" in output


def test_the_model_is_a_name_and_no_path(quick, files, tmp_path, settings):
    settings.BUNDLES_DIR = tmp_path / "bundles"
    for folder in ("bundles/seven-stage", "elsewhere"):
        (tmp_path / folder).mkdir(parents=True)
        shutil.copy(find("seven-stage").directory / "model.json", tmp_path / folder)
    assert quick(str(files["mole.jpg"]), "--model", "seven-stage")[0] == 0
    with pytest.raises(CommandError):
        quick(str(files["mole.jpg"]), "--model", "../elsewhere")


def test_no_database_is_asked(quick, files):
    # pytest-django forbids every query of a test that does not ask for a database.
    assert quick(str(files["mole.jpg"]))[0] == 0
