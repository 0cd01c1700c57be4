from __future__ import annotations

from typing import Any

from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError

from classifier.storage import STORAGE_ERRORS


class Command(BaseCommand):
    help = "Create the private bucket for pictures where it is missing. A disk needs nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        bucket = getattr(default_storage, "bucket", None)
        if bucket is None:
            return
        try:
            if bucket.creation_date is None:
                bucket.create()
                self.stdout.write(f"Bucket {bucket.name} created")
        except STORAGE_ERRORS as error:
            raise CommandError(f"The object store does not answer as it should: {error}") from None
