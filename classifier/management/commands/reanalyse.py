from __future__ import annotations

import uuid
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date

from classifier import predictors
from classifier.models import ModelVersion, Submission
from classifier.services.registry.reanalyse import (
    ADDED,
    BATCH,
    FAILED,
    UNREADABLE,
    reanalyse_submissions,
    select_unanswered,
)
from ml.packaging.bundle import BundleError


class Command(BaseCommand):
    help = (
        "Add what another model version says beside earlier results, which stay as they are. "
        "Can be stopped and started again. Ends with 1 where any picture failed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--model", metavar="NAME", help="name of its bundle (default: the active one)"
        )
        parser.add_argument(
            "--since", type=_day, metavar="YYYY-MM-DD", help="only what was sent in from then on"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            model_version = _chosen(options["model"])
            analyst = predictors.load_analyst(model_version)
        except BundleError as error:
            raise CommandError(str(error)) from None
        keys = list(
            select_unanswered(model_version, since=options["since"]).values_list("pk", flat=True)
        )
        total, outcomes = len(keys), dict[uuid.UUID, str]()
        self.stdout.write(f"{total} results without a prediction of {model_version}")
        try:
            for start in range(0, total, BATCH):
                batch = list(Submission.objects.filter(pk__in=keys[start : start + BATCH]))
                outcomes |= reanalyse_submissions(
                    batch, model_version=model_version, analyst=analyst
                )
                self.stdout.write(f"{len(outcomes)} of {total}")
        except KeyboardInterrupt:
            raise CommandError("Stopped. Start it again to go on.", returncode=130) from None
        counts = Counter(outcomes.values())
        others = ", ".join(f"{n} {name}" for name, n in sorted(counts.items()) if name != ADDED)
        self.stdout.write(f"{counts[ADDED]} added" + (f", {others}" if others else ""))
        failed = [str(key) for key, outcome in outcomes.items() if outcome in (FAILED, UNREADABLE)]
        if failed:
            raise CommandError(f"{len(failed)} failed: {', '.join(failed)}")


def _chosen(name: str | None) -> ModelVersion:
    chosen = {"name": name} if name else {"is_active": True}
    # The folder of a bundle holds its latest version.
    versions = ModelVersion.objects.without_what_is_large().filter(**chosen)
    model_version = versions.order_by("-registered_at").first()
    if model_version is None:
        known = ModelVersion.objects.order_by("name").values_list("name", flat=True).distinct()
        raise CommandError(
            f"No such model is registered. Known: {', '.join(known) or 'none'}. "
            "Run: python manage.py register_models"
        )
    return model_version


def _day(text: str) -> datetime:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise ArgumentTypeError(f"must be a date like 2026-01-31. Received: {text}")
    return datetime(day.year, day.month, day.day, tzinfo=timezone.get_default_timezone())
