"""Delete a submission."""

from __future__ import annotations

from classifier.models import Submission


def delete(submission: Submission) -> None:
    """Delete the row, its predictions and reviews, and (through django-cleanup) its files.

    A worker that is analysing it finds its row gone and drops the result.
    """
    submission.delete()
