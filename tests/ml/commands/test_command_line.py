"""The command line explains commands, refuses wrong options and says how to go on."""

from __future__ import annotations

import re
import shlex

import pytest

from ml import __main__ as ml_main
from ml.__main__ import main
from ml.training import runs
from tests.site import ROOT

COMMANDS = [command.__name__.rpartition(".")[2] for command in ml_main.COMMANDS]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["train", "--passes", "0"], "--passes: expected a whole number of at least 1, got '0'"),
        (["train", "--share", "a=2"], "--share: expected a number from 0 to 1"),
        (["train", "--architecture", "os"], "--architecture: invalid choice: 'os'"),
        (["train", "--learning-rate", "fast"], "--learning-rate: expected a number from 0 to 1"),
        (["train", "--learning-rate", "nan"], "--learning-rate: expected a number from 0 to 1"),
        (["train", "--validation-share", "1"], "--validation-share: expected a number"),
        (["train", "--label-smoothing", "-0.1"], "--label-smoothing: expected a number"),
        (["export", "--name", "Seven Stage"], "--name: expected lower-case words"),
        (["export", "--version", "1"], "--version: expected three numbers"),
        (["evaluate", "--threads", "-1"], "--threads: expected a whole number"),
    ],
)
def test_wrong_options_are_refused_with_the_usage(capsys, arguments, sentence):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_every_command_explains_itself(capsys, command):
    with pytest.raises(SystemExit) as stopped:
        main([*command, "--help"])
    assert stopped.value.code == 0
    assert "--help" in capsys.readouterr().out


def test_an_interrupted_command_says_how_to_go_on(capsys, monkeypatch, tmp_path):
    def interrupt(path):
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "read_settings", interrupt)
    command = ["export", "--run", "a", "--name", "a", "--version", "1.0.0", "--output", "b"]
    command += ["--licence", "CC0"]
    assert main(command) == 130
    assert "goes on" in capsys.readouterr().err


def test_the_commands_for_a_tiny_network_have_the_options_that_there_are(monkeypatch):
    text = (ROOT / "CONTRIBUTING.md").read_text().partition("<!-- tiny network -->")[2]
    written = re.findall(r"-m ml (.+)", text.partition("\n## ")[0])
    ran = []
    for command in ml_main.COMMANDS:
        monkeypatch.setattr(command, "run", ran.append)
    assert [main(shlex.split(line)) for line in written] == [0, 0]
    assert len(ran) == 2
