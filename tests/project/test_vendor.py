"""Libraries of others are the files that were published, with their licences beside them."""

from __future__ import annotations

import hashlib
import re

from tests.site import ROOT

VENDOR = ROOT / "static/vendor"
ROW = re.compile(
    r"^\| `(\S+\.js)` \|.*\| ([\d.]+) \|.*`(\S+LICENSE\.txt)` \| `([0-9a-f]{64})` \|$", re.M
)


def test_every_library_is_the_one_that_is_listed():
    listed = {row[0]: row[1:] for row in ROW.findall((VENDOR / "README.md").read_text())}
    assert set(listed) == {file.name for file in VENDOR.glob("*.js")} != set()
    for name, (version, licence, sha256) in listed.items():
        content = (VENDOR / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == sha256
        assert f" {version} ".encode() in content[:200]
        assert "Permission is hereby granted" in (VENDOR / licence).read_text()
