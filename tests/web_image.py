"""This makes a Python that lacks the packages which the web image leaves out."""

from __future__ import annotations

import re
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.utils import canonicalize_name

from tests.site import ROOT

BLOCK = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ImportError(f"{name} is not in the image of the web process")
sys.meta_path.insert(0, Blocked())
"""


def locked(name: str) -> dict[str, str]:
    """Return the packages of a lock at the root of the repository, with their versions."""
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", (ROOT / name).read_text(), re.M))


def left_out() -> set[str]:
    """Return the import names of packages that only the worker's image has, not the web image."""
    missing = locked("requirements.txt").keys() - locked("requirements-web.txt").keys()
    return {
        name
        for name, distributions in packages_distributions().items()
        if {canonicalize_name(distribution) for distribution in distributions} <= missing
    }


def block_left_out(folder: Path) -> str:
    """Let ``folder`` stop these imports when it is in PYTHONPATH, and return that PYTHONPATH."""
    (folder / "sitecustomize.py").write_text(f"BLOCKED = {left_out()}\n{BLOCK}")
    return f"{folder}:{ROOT}"
