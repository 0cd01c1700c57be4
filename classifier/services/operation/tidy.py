"""Delete stored files that no row names.

A process leaves such a file when it dies after it has stored the file and before it has saved the
row.
"""

from __future__ import annotations

import contextlib
from datetime import timedelta

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.db.models.functions import Left
from django.db.models.lookups import Exact
from django.utils import timezone

from classifier.models import Prediction, Submission
from classifier.storage import STORAGE_ERRORS

#: Pictures and heat maps lie in these folders. The readiness check writes to the last one.
FOLDERS = (*(f"{number:02x}" for number in range(256)), "health")
#: An upload or an analysis saves its row within this time after it has stored the files.
SETTLED = timedelta(hours=1)


def delete_unnamed_files(folder: str, *, settled: timedelta = SETTLED) -> int:
    """Delete the files in one of `FOLDERS` that no row names, and return how many.

    Args:
        folder: the one to look at. A look at one is short, however many pictures there are.
        settled: how long ago a file must have been written.
    """
    deleted = 0
    for name in _files(folder).difference(*select_named_files(folder)):
        # The file is gone meanwhile, or the storage fails. What is left is found the next time.
        with contextlib.suppress(*STORAGE_ERRORS):
            if default_storage.get_modified_time(name) < timezone.now() - settled:
                default_storage.delete(name)
                deleted += 1
    return deleted


def choose_due_folder() -> str:
    """Return the folder whose turn it is.

    The clock decides, so that every folder has its turn within a day.
    """
    turn = timezone.now().timestamp() / settings.TIDY_EVERY.total_seconds()
    return FOLDERS[int(turn) % len(FOLDERS)]


def _files(folder: str) -> set[str]:
    try:
        return {f"{folder}/{name}" for name in default_storage.listdir(folder)[1]}
    except FileNotFoundError:
        return set()


def select_named_files(folder: str) -> list[QuerySet]:
    """Return queries for the names of all files in one of `FOLDERS` that rows name."""
    columns = (
        (Submission.objects, "image"),
        (Submission.objects, "copy"),
        (Submission.objects, "thumbnail"),
        (Prediction.objects, "heat_map"),
    )
    return [
        # The index holds the first two letters of a name. They are the name of the folder.
        rows.filter(Exact(Left(column, 2), folder)).values_list(column, flat=True)
        for rows, column in columns
    ]
