"""Choose the model that new submissions are analysed with.

A model is data, so this changes rows and no settings.
"""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from classifier.models import ModelVersion
from classifier.models.model_version import LARGE_FIELDS


class Unused(NamedTuple):
    """Holds a newer model that is registered but not in use, and the one that is."""

    newer: ModelVersion
    active: ModelVersion


def activate_model(model_version: ModelVersion) -> None:
    """Make ``model_version`` the one that new submissions are analysed with."""
    now = timezone.now()
    with transaction.atomic():
        ModelVersion.objects.filter(is_active=True).update(is_active=False)
        ModelVersion.objects.filter(pk=model_version.pk).update(is_active=True, activated_at=now)
    model_version.is_active, model_version.activated_at = True, now


def find_unused_model() -> Unused | None:
    """Return the model that new sites use, if this site got it after it had chosen another.

    Other models that come later need not be better. As soon as somebody chooses again, even the
    same model as before, they have decided with both at hand. Then nothing is returned any more.
    """
    rows = ModelVersion.objects.defer(*LARGE_FIELDS)
    active = rows.filter(is_active=True).first()
    if active is None or active.name == settings.DEFAULT_MODEL:
        return None
    # Older rows do not say when their model was chosen, which was when it was registered.
    chosen_at = active.activated_at or active.registered_at
    later = rows.filter(name=settings.DEFAULT_MODEL, registered_at__gt=chosen_at)
    newer = later.order_by("-registered_at").first()
    return Unused(newer, active) if newer else None
