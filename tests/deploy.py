"""This reads what `deploy/` says."""

from __future__ import annotations

from typing import Any

import yaml

from tests.site import ROOT

DEPLOY = ROOT / "deploy"


def compose() -> dict[str, dict[str, Any]]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
