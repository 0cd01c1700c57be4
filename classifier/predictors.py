"""Load the models of this worker process, each of them once. The web process never does."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Protocol

from django.conf import settings
from PIL import Image

from classifier.models import ModelVersion
from ml.judging import analysis
from ml.judging.predictor import Predictor
from ml.packaging.bundle import Bundle, BundleError


class Analyst(Protocol):
    """Analyses pictures with one network and the site's settings.

    See `ml.judging.analysis.analyse`.
    """

    def __call__(
        self, images: Sequence[Image.Image], *, screened: bool = True
    ) -> list[analysis.Analysis]: ...


def load_active_analyst() -> tuple[ModelVersion, Analyst]:
    """Return the active model version and its analyst, which is loaded on first use.

    Raises:
        BundleError: no model is active, or its files are missing or not those registered.
    """
    versions = ModelVersion.objects.without_what_is_large()
    model_version = versions.filter(is_active=True).first()
    if model_version is None:
        raise BundleError("No model is active. Run: python manage.py register_models")
    return model_version, load_analyst(model_version)


def load_analyst(model_version: ModelVersion) -> Analyst:
    """Return the analyst of ``model_version``.

    Raises:
        BundleError: its files are missing or not those registered.
    """
    network = _load(model_version.name, model_version.version, model_version.sha256)
    return make_analyst(network)


def make_analyst(network: Predictor) -> Analyst:
    """Return an analyst that uses ``network`` and the site's settings."""
    chosen = analysis.AnalysisSettings(
        settings.CONFORMAL_COVERAGE, settings.TEST_TIME_AUGMENTATION, settings.CLINICAL_PICTURES
    )
    return partial(analysis.analyse, network, settings=chosen)


@lru_cache(maxsize=2)
def _load(name: str, version: str, sha256: str) -> Predictor:
    bundle = Bundle.read(settings.BUNDLES_DIR / name)
    if (bundle.version, bundle.sha256) != (version, sha256):
        raise BundleError(
            f"The bundle {name} on disk is version {bundle.version}, not the {version} that was "
            "registered. Run: python manage.py register_models"
        )
    return Predictor.load(bundle, threads=settings.INFERENCE_THREADS)
