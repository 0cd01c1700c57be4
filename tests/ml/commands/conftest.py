"""All commands share one training run and its bundle, of a tiny network on generated lesions."""

from __future__ import annotations

import pytest

from ml import architectures
from ml.__main__ import main
from ml.measuring import evaluation
from tests.ml import tiny


def command(*arguments: object) -> None:
    """Run ``python -m ml`` with these arguments, in this process, and demand that it succeeds."""
    assert main([str(argument) for argument in arguments]) == 0


@pytest.fixture
def quick(tiny_network, monkeypatch):
    """Make every network a tiny one, and let no interval take many resamples."""
    monkeypatch.setattr(evaluation, "RESAMPLES", 50)


@pytest.fixture(scope="session")
def pairs(training_folder, test_folder, tmp_path_factory):
    """Return a list by which one test picture has a near-duplicate in the training folder."""
    path = tmp_path_factory.mktemp("lists") / "near_duplicates.csv"
    twins = f"{test_folder}/malignant/malignant-2.png,{training_folder}/malignant/malignant-7.png"
    path.write_text(f"path_a,path_b\n{twins}\n")
    return path


def list_training_options(training_folder, test_folder, pairs, output):
    options = {
        "--architecture": "seven_stage",
        "--data": training_folder,
        "--output": output,
        "--near-duplicates": pairs,
        "--held-out": test_folder,
        "--validation-share": 0.25,
        "--input-size": tiny.SIZE,
        "--passes": 6 * 16,
        "--round-passes": 16,
        "--warm-up": 16,
        "--batch-size": 8,
        "--learning-rate": 0.01,
        "--seed": 3,
    }
    return ["train", *(part for option in options.items() for part in option)]


@pytest.fixture(scope="session")
def run(training_folder, test_folder, pairs, tmp_path_factory):
    """Return the directory of a finished training run."""
    output = tmp_path_factory.mktemp("runs") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(architectures, "build", tiny.build)
        command(*list_training_options(training_folder, test_folder, pairs, output))
    return output


@pytest.fixture(scope="session")
def exported(run, tmp_path_factory):
    """Return the directory of a bundle made from the run."""
    output = tmp_path_factory.mktemp("bundles") / "tiny"
    options = ["--run", run, "--name", "tiny", "--version", "1.2.3", "--licence", "CC0"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(architectures, "build", tiny.build)
        command("export", *options, "--output", output)
    return output


@pytest.fixture
def refused(capsys):
    """Return a function that runs a command that must be refused, and returns its sentence."""

    def run_refused(*arguments):
        capsys.readouterr()
        assert main([str(argument) for argument in arguments]) == 2
        sentence = capsys.readouterr().err
        assert sentence.startswith("error: ")
        assert sentence.count("\n") == 1
        return sentence

    return run_refused
