"""Choose the model that new submissions are analysed with. A model is data: this changes rows."""

from __future__ import annotations

from django.db import transaction

from classifier.models import ModelVersion


def activate(model_version: ModelVersion) -> None:
    """Make ``model_version`` the one that new submissions are analysed with."""
    with transaction.atomic():
        ModelVersion.objects.filter(is_active=True).update(is_active=False)
        ModelVersion.objects.filter(pk=model_version.pk).update(is_active=True)
    model_version.is_active = True
