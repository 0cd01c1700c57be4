"""Keep what a person notes down about a picture of their own."""

from __future__ import annotations

from classifier.models import Submission


def write_note(*, submission: Submission, note: str) -> None:
    """Keep ``note`` in place of the earlier one. An empty one removes it.

    Raises:
        ValidationError: it is too long.
    """
    submission.note = Submission._meta.get_field("note").clean(note, submission)
    # Only this column is written, since a worker may be recording the result meanwhile.
    submission.save(update_fields=["note"])
