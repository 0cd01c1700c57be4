"""Only CI installs programs of the system, and a person who asks for it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.site import ROOT

PACKAGES = ROOT / ".ci" / "packages"
#: Stand-ins take the place of these programs, which would change this machine. They write down
#: what they were asked for.
FAKES = ("apt-get", "install", "rm")


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """Return the file of what the stand-ins were asked for; it is missing if nobody asked."""
    for name in FAKES:
        fake = tmp_path / name
        fake.write_text(f'#!/bin/sh\ncat >/dev/null\necho "{name} $*" >> {tmp_path}/asked\n')
        fake.chmod(0o755)
    (tmp_path / "id").write_text("#!/bin/sh\necho 0\n")
    (tmp_path / "id").chmod(0o755)
    return tmp_path / "asked"


def packages(asked: Path, *names: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name != "CI"}
    path = f"{asked.parent}:{os.environ['PATH']}"
    return subprocess.run(
        [PACKAGES, *names],
        env=inherited | {"PATH": path} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_missing_is_named_and_not_installed(asked):
    answer = packages(asked, "bash", "no-such-program", "nor-this-one")
    assert answer.returncode == 1
    assert "not installed here: no-such-program nor-this-one." in answer.stderr
    assert "make system-packages" in answer.stderr
    assert not asked.exists()


def test_where_nothing_is_missing_nothing_is_said(asked):
    answer = packages(asked, "bash")
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def test_in_ci_it_is_installed(asked):
    answer = packages(asked, "bash", "no-such-program", CI="true")
    assert answer.returncode == 0, answer.stderr
    said = asked.read_text()
    assert re.search(r"^apt-get .*install -y --no-install-recommends no-such-program$", said, re.M)
    assert "bash" not in said


def test_the_whole_check_may_install_and_one_target_knows_every_package():
    assert "export CI=true" in (ROOT / ".ci" / "run").read_text()
    known = re.search(r"^SYSTEM_PACKAGES := (.*)$", (ROOT / "Makefile").read_text(), re.M)[1]
    asked_for: set[str] = set()
    for file in (ROOT / "Makefile", *(ROOT / ".ci").iterdir()):
        for names in re.findall(r'(?m)/packages"? ([a-z][a-z0-9 -]+)$', file.read_text()):
            asked_for.update(names.split())
    assert asked_for >= {"postgresql", "chromium", "caddy"}
    assert asked_for <= set(known.split())
