"""Exactly what people ask for in requirements/*.in is installed, to the last dependency."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.site import ROOT
from tests.web_image import locked

#: This names the lock of each list.
LOCKS = {
    name: f"requirements-{name}.txt"
    for name in ("web", "dev", "train", "test", "services", "lint", "engines", "scoring")
} | {"run": "requirements.txt"}


def asked(name: str) -> Iterator[Requirement]:
    """Yield what a list asks for, and what the lists that it includes ask for."""
    for line in (ROOT / "requirements" / f"{name}.in").read_text().splitlines():
        if included := re.fullmatch(r"-r (\w+)\.in", line):
            yield from asked(included[1])
        elif not line.startswith("#"):
            yield Requirement(line)


def test_every_list_has_its_lock():
    assert {path.stem for path in (ROOT / "requirements").glob("*.in")} == LOCKS.keys()
    assert {path.name for path in ROOT.glob("requirements*.txt")} == set(LOCKS.values())


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_what_its_list_asks_for(name):
    versions = locked(LOCKS[name])
    for requirement in asked(name):
        version = versions[canonicalize_name(requirement.name)]
        assert str(requirement.specifier) == f"=={version}", f"{requirement.name}: make lock"


@pytest.mark.parametrize("lock", LOCKS.values())
def test_everything_in_a_lock_has_its_hashes_and_nothing_tells_of_an_index(lock):
    text = (ROOT / lock).read_text()
    lines = re.sub(r"\s*\\\n\s+", " ", text).splitlines()
    pinned = [line for line in lines if line and not line.lstrip().startswith("#")]
    assert pinned
    for line in pinned:
        assert re.fullmatch(r"[a-z0-9-]+==[^ ]+( ; [^\\]+?)?( --hash=sha256:[0-9a-f]{64})+", line)
    assert not re.search(r"://|--(extra-)?index|--find-links| /", text)


def test_all_locks_agree():
    together: dict[str, set[str]] = {}
    for lock in LOCKS.values():
        for package, version in locked(lock).items():
            together.setdefault(package, set()).add(version)
    assert {package for package, versions in together.items() if len(versions) > 1} == set()


def test_the_web_process_gets_nothing_of_tensorflow():
    web, run = locked(LOCKS["web"]).keys(), locked(LOCKS["run"]).keys()
    assert web < run
    assert {"tensorflow", "keras", "scipy", "h5py", "grpcio", "protobuf"} <= run - web


@pytest.mark.parametrize("name", ["web", "run", "test"])
def test_dependencies_of_dependencies_are_in_the_lock(name):
    versions = locked(LOCKS[name])
    for package in versions:
        try:
            needed = [Requirement(text) for text in requires(package) or ()]
        except PackageNotFoundError:  # the package is for another system or Python
            continue
        for requirement in needed:
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                assert canonicalize_name(requirement.name) in versions, package
