"""Make's targets would do the right things in a clone where nothing is installed yet."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from tests.site import OUTER_MAKE, ROOT


@pytest.fixture
def plan(tmp_path):
    """Return a function that gives the commands make would run, also where make runs the tests."""
    environment = {name: os.environ[name] for name in os.environ if name not in OUTER_MAKE}

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
    assert len(made) == 4  # one of them stands in a loop
    for line in made:
        assert "--universal --python-version 3.11 --generate-hashes" in line
        assert "--no-emit-index-url --no-emit-find-links" in line


def test_ci_installs_first_and_then_runs_every_check(plan):
    run = (ROOT / ".ci" / "run").read_text().replace("\\\n", " ")
    install, check = (line.split() for line in run.splitlines() if re.match("(exec )?make ", line))
    targets = {part for part in check if re.match("(test|lint)", part)}
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)[1].split()
    assert targets == {name for name in phony if re.match("(test|lint)", name)}
    installed = set(re.findall(r"-r (requirements\S*\.txt)", plan("lint")))
    for target in targets:
        assert set(re.findall(r"-r (requirements\S*\.txt)", plan(target))) <= installed
    assert install == ["make", "system-packages", ".venv/lint.stamp"]
