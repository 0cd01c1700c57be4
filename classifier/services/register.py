"""Make a trained model on disk known to the site."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from classifier.models import ModelVersion
from classifier.services.activate import activate
from ml.bundle import Bundle, BundleError


def register(bundle: Bundle) -> ModelVersion:
    """Return the row of ``bundle``, made on first sight; its metrics are brought up to date.

    It becomes active where it is the default model of a new site, or a new version of the active
    one.

    Raises:
        BundleError: the weights are not those of its ``model.json``, or the version is known
            with other weights.
    """
    bundle.verify()
    with transaction.atomic():
        row, created = ModelVersion.objects.get_or_create(
            name=bundle.name,
            version=bundle.version,
            defaults={
                "architecture": bundle.architecture,
                "sha256": bundle.sha256,
                "classes": list(bundle.classes),
                "malignant_classes": list(bundle.malignant),
                "threshold": bundle.threshold,
                "metrics": bundle.metrics,
            },
        )
        if row.sha256 != bundle.sha256:
            raise BundleError(
                f"{row} is registered with other weights. Give the new ones a new version."
            )
        if not created and row.metrics != bundle.metrics:
            row.metrics = bundle.metrics
            row.save(update_fields=["metrics"])
        active = ModelVersion.objects.filter(is_active=True).first()
        # A bundle's folder holds one version: where it replaced the active one, it is all there is.
        if (active.name if active else settings.DEFAULT_MODEL) == row.name:
            activate(row)
    return row
