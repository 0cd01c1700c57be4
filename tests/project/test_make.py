"""What the Makefile's targets would do, in a clone where nothing is installed yet."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from tests.site import ROOT


@pytest.fixture
def plan(tmp_path):
    """Return the commands that make would run, also where make runs these tests."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    }

    def planned(*arguments: str) -> str:
        command = ["make", "--dry-run", f"VENV={tmp_path / 'fresh'}", *arguments]
        answer = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        return answer.stdout

    return planned


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        ("run", set()),
        ("dev", {"dev"}),
        ("test", {"test", "scoring"}),
        ("test-services", {"test", "scoring", "services"}),
        ("test-browser", {"test", "scoring", "services"}),
        ("lint", {"test", "scoring", "services", "lint"}),
        ("bench-engines", {"engines"}),
    ],
)
def test_a_target_installs_what_it_needs_and_no_more(plan, target, wanted):
    installed = set(re.findall(r"-r (requirements\S*\.txt)", plan(target)))
    assert installed == {"requirements.txt", *(f"requirements-{name}.txt" for name in wanted)}


def test_one_test_runs_alone_and_with_the_terminal(plan):
    one = "tests/classifier/test_pages.py::test_something"
    assert plan("test").splitlines()[-1].endswith("-m pytest ")
    assert plan("test", f"ONLY={one}").splitlines()[-1].endswith(f"-m pytest -n 0 -s {one}")
    assert plan("test-services", f"ONLY={one}").splitlines()[-1].endswith(f" -n 0 -s {one}")


def test_every_lock_is_made_without_the_address_of_an_index(plan):
    made = [line for line in plan("lock").splitlines() if " pip compile " in line]
    assert len(made) == 4  # one of them in a loop
    for line in made:
        assert "--universal --python-version 3.11 --generate-hashes" in line
        assert "--no-emit-index-url --no-emit-find-links" in line
