"""The models of this worker process, loaded once each. Nothing of the web process comes here."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

from classifier.models import ModelVersion
from ml.bundle import Bundle, BundleError
from ml.predictor import Predictor


def active() -> tuple[ModelVersion, Predictor]:
    """Return the active model version and its network, loaded on first use.

    Raises:
        BundleError: no model is active, or its files are missing or not those registered.
    """
    model_version = ModelVersion.objects.filter(is_active=True).first()
    if model_version is None:
        raise BundleError("No model is active. Run: python manage.py register_models")
    return model_version, _load(model_version.name, model_version.version, model_version.sha256)


@lru_cache(maxsize=2)
def _load(name: str, version: str, sha256: str) -> Predictor:
    bundle = Bundle.read(settings.BUNDLES_DIR / name)
    if (bundle.version, bundle.sha256) != (version, sha256):
        raise BundleError(
            f"The bundle {name} on disk is version {bundle.version}, not the {version} that was "
            "registered. Run: python manage.py register_models"
        )
    return Predictor.load(bundle, threads=settings.INFERENCE_THREADS)
