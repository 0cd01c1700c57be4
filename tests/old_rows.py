"""Take the rows of an earlier release through the migrations, forwards and back.

``python -m tests.old_rows`` does so in the database of its settings, which must be empty, and
prints what became of each row, by its name, after each way.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from tests.site import ROOT

BEFORE, AFTER = ("classifier", "0015_personal_names"), ("classifier", "0017_sentences_to_codes")
FIELDS = ("rejection", "rejection_values", "rejection_reason", "failure", "failure_reason")
ALONE = (
    "This does not look like a dermoscopic picture of skin, so the network's answer would mean "
    "nothing. Take a close-up of one spot through a dermoscope, with the spot in the middle."
)
SMALL = (
    "The picture is too small to judge. Send the original file rather than a thumbnail or a "
    "screenshot: its shorter side must have at least 100 pixels."
)
DARK = (
    "The picture is too dark. Switch the light of the dermoscope on or turn the exposure up, and "
    "take it again."
)
LATER_DARK = (
    "The picture is too dark. Switch the light on, that of a dermoscope too, or turn the "
    "exposure up, and take it again."
)
UNREADABLE = "The stored picture can no longer be read. Please upload it again."

#: These rows are of an earlier release.
OLD: dict[str, dict[str, str]] = {
    "alone": {"status": "rejected", "rejection": "not_dermoscopy", "rejection_reason": ALONE},
    "small": {"status": "rejected", "rejection": "too_small", "rejection_reason": SMALL},
    "dark": {"status": "rejected", "rejection": "too_dark", "rejection_reason": DARK},
    "mirrored": {"status": "rejected", "rejection": "mirrored", "rejection_reason": "Turn it."},
    "unreadable": {"status": "failed", "failure_reason": UNREADABLE},
    "cursed": {"status": "failed", "failure_reason": "It is cursed."},
    "waiting": {"status": "queued"},
}
#: The earlier release still adds these after the migrations.
LATE: dict[str, dict[str, str]] = {
    "late dark": {"status": "rejected", "rejection": "too_dark", "rejection_reason": DARK},
    "late cursed": {"status": "failed", "failure_reason": "It is cursed too."},
}
#: These are added by the release with codes.
NEW: dict[str, dict[str, Any]] = {
    "new dark": {"status": "rejected", "rejection": "too_dark", "rejection_values": {}},
    "new alone": {
        "status": "rejected",
        "rejection": "not_dermoscopy",
        "rejection_values": {"dermoscopy_alone": True},
    },
    "new odd": {"status": "rejected", "rejection": "odd", "rejection_values": {}},
    "new unreadable": {"status": "failed", "failure": "unreadable"},
    "new odd failure": {"status": "failed", "failure": "odd"},
}

#: The rows of the earlier release have these codes and values after the migrations.
CODES = {
    "alone": ("not_dermoscopy", {"dermoscopy_alone": True}, ""),
    "small": ("too_small", {"smallest_side": 100}, ""),
    "dark": ("too_dark", {}, ""),
    "mirrored": ("mirrored", None, ""),
    "unreadable": ("", None, "unreadable"),
    "cursed": ("", None, ""),
    "waiting": ("", None, ""),
    "late dark": ("too_dark", None, ""),
    "late cursed": ("", None, ""),
}
#: These sentences all rows have after the way back.
SENTENCES = {
    "alone": ALONE,
    "small": SMALL,
    "dark": DARK,
    "mirrored": "Turn it.",
    "unreadable": UNREADABLE,
    "cursed": "It is cursed.",
    "waiting": "",
    "late dark": DARK,
    "late cursed": "It is cursed too.",
    "new dark": LATER_DARK,
    "new alone": ALONE,
    "new odd": "The network cannot judge this picture. Take another one.",
    "new unreadable": UNREADABLE,
    "new odd failure": "Something went wrong on our side. You can try again.",
}


def codes(rows: dict[str, dict[str, Any]]) -> dict[str, tuple[str, Any, str]]:
    return {
        name: (row["rejection"], row["rejection_values"], row["failure"])
        for name, row in rows.items()
    }


def sentences(rows: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: row["rejection_reason"] or row["failure_reason"] for name, row in rows.items()}


def migrate_old_rows(**environment: str) -> dict[str, dict[str, dict[str, Any]]]:
    """Return what became of the rows, in a process and a database of their own."""
    inherited = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    answer = subprocess.run(
        [sys.executable, "-m", "tests.old_rows"],
        cwd=ROOT,
        env=inherited | {"DJANGO_SETTINGS_MODULE": "tests.settings"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def _migrate() -> dict[str, dict[str, dict[str, Any]]]:
    import django

    django.setup()

    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor
    from django.utils import timezone

    def go(target: tuple[str, str]) -> Any:
        executor = MigrationExecutor(connection)
        return executor.migrate([target]).apps.get_model("classifier", "Submission")

    def add(model: Any, owner: int, rows: dict[str, dict[str, Any]]) -> None:
        sizes = {"width": 8, "height": 8, "sent_at": timezone.now()}
        for name, fields in rows.items():
            model.objects.create(owner_id=owner, original_name=name, **sizes, **fields)

    def found(model: Any) -> dict[str, dict[str, Any]]:
        known = [field.name for field in model._meta.fields if field.name in FIELDS]
        return {
            row.pop("original_name"): row for row in model.objects.values("original_name", *known)
        }

    before = go(BEFORE)
    owner = before._meta.get_field("owner").related_model.objects.create(email="a@example.org")
    add(before, owner.pk, OLD)
    after = go(AFTER)
    add(before, owner.pk, LATE)
    forwards = found(after)
    add(after, owner.pk, NEW)
    return {"forwards": forwards, "back": found(go(BEFORE))}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_migrate()))
