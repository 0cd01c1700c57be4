"""Write files so that a kill leaves either the old one or the new one, never half of one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as JSON to ``path``."""
    partial = path.with_name(f"{path.name}.part")
    partial.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], *, compressed: bool = True) -> None:
    """Write ``arrays`` by name as a NumPy archive to ``path``."""
    partial = path.with_name(f"{path.name}.part")
    save = np.savez_compressed if compressed else np.savez
    with partial.open("wb") as stream:
        save(stream, **arrays)  # type: ignore[arg-type]
    partial.replace(path)
