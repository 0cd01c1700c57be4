from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from classifier.services.operation.tidy import FOLDERS, SETTLED, delete_unnamed_files


class Command(BaseCommand):
    help = "Delete stored files that no row names. The schedule does the same, folder by folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--older-than",
            type=float,
            metavar="SECONDS",
            default=SETTLED.total_seconds(),
            help="leave younger files alone; less than an hour is only for a site at rest",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        settled = timedelta(seconds=options["older_than"])
        deleted = sum(delete_unnamed_files(folder, settled=settled) for folder in FOLDERS)
        self.stdout.write(f"{deleted} files deleted")
