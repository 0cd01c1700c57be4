"""Make a trained model on disk known to the site."""

from __future__ import annotations

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from classifier.models import ModelVersion
from classifier.models.measured import MetricsError, check_metrics
from classifier.models.model_version import figure_path
from classifier.services.registry.activate import activate_model
from classifier.services.registry.describe import describe_model
from ml.packaging.bundle import Bundle, BundleError

#: These fields follow the bundle when it is registered again. The others are those of its weights.
KEPT_UP_TO_DATE = ("metrics", "operating_point", "clinical")


def register_bundle(bundle: Bundle) -> ModelVersion:
    """Return the row of ``bundle``, which is made if it is not there yet.

    The fields that describe the bundle are brought up to date. Its figures are copied to the site's
    own files, so that a version keeps its card after another version has taken its folder.

    The version becomes active if it is the default model of a new site, or a new version of the
    active one.

    Raises:
        BundleError: the weights are not those of its ``model.json``, its metrics cannot be shown,
            or the version is known with other weights.
    """
    bundle.verify()
    try:
        check_metrics(bundle.metrics)
    except MetricsError as error:
        raise BundleError(f"{bundle.name} {bundle.version}: {error}") from None
    fields = describe_model(vars(bundle))
    described = {name: fields[name] for name in KEPT_UP_TO_DATE} | {"card": bundle.read_card()}
    with transaction.atomic():
        row, created = ModelVersion.objects.get_or_create(
            name=bundle.name,
            version=bundle.version,
            defaults=fields | described,
        )
        if row.sha256 != bundle.sha256:
            raise BundleError(
                f"{row} is registered with other weights. Give the new ones a new version."
            )
        changed = [name for name, value in described.items() if getattr(row, name) != value]
        if not created and changed:
            for name in changed:
                setattr(row, name, described[name])
            row.save(update_fields=changed)
        active = ModelVersion.objects.filter(is_active=True).first()
        # A bundle's folder holds one version. If this one has replaced the active one there, the
        # active one can no longer be loaded.
        chosen = active.name if active else settings.DEFAULT_MODEL
        if chosen == row.name and not row.is_active:
            activate_model(row)
    _keep_figures(bundle)
    return row


def _keep_figures(bundle: Bundle) -> None:
    for path in sorted(bundle.report_directory.glob("*.png")):
        kept, drawn = figure_path(bundle.name, bundle.version, path.name), path.read_bytes()
        if default_storage.exists(kept):
            with default_storage.open(kept) as stream:
                if stream.read() == drawn:
                    continue
            default_storage.delete(kept)
        default_storage.save(kept, ContentFile(drawn))
