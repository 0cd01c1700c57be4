"""Tell the person who sent a picture in why there is no result for it."""

from __future__ import annotations

#: They go by the codes of `classifier.models.reason.Failure`.
SENTENCES = {
    "unreadable": "The stored picture can no longer be read. Please send it again.",
    "gave_up": (
        "Something went wrong on our side, more than once. You can try again. "
        "If it fails again, please tell us."
    ),
    "worker_lost": (
        "The analysis of this picture stopped more than once. You can try again. "
        "If it fails again, please send another picture of your spot."
    ),
}

#: This is said where a code has no sentence here, since a later release has stored it.
GENERAL = "Something went wrong on our side. You can try again. If it fails again, please tell us."


def explain_failure(code: str) -> str:
    """Return why there is no result, and what to do about it."""
    return SENTENCES.get(code, GENERAL)
