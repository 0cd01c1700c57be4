"""A model is data, so that bundles on disk become rows, of which one is active."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from classifier import predictors, tasks
from classifier.models import ModelVersion
from classifier.models.model_version import figure_path
from classifier.services.registry.activate import activate_model
from classifier.services.registry.register import register_bundle
from ml.judging.predictor import Predictor
from ml.packaging.bundle import Bundle, BundleError
from ml.taxonomy import DIAGNOSIS_CODES, IMAGE_TYPES, MALIGNANT_CODES
from tests.factories import ModelVersionFactory, PredictionFactory

pytestmark = pytest.mark.django_db
METRICS = {"official": {"accuracy": 0.92}}


@pytest.fixture
def bundles(settings, tmp_path: Path) -> Path:
    settings.BUNDLES_DIR = tmp_path / "bundles"
    settings.DEFAULT_MODEL = "seven-stage"
    return settings.BUNDLES_DIR


@pytest.fixture
def write(bundles: Path):
    """Return a function that writes a bundle whose weights are ``content``."""

    def written(name: str = "seven-stage", content: bytes = b"weights", **fields: object) -> Bundle:
        directory = bundles / name
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "weights.npz").write_bytes(content)
        bundle = Bundle(
            directory=directory,
            name=name,
            version="1.0.0",
            licence="CC0",
            architecture="seven_stage",
            input_size=224,
            classes=("benign", "malignant"),
            malignant=("malignant",),
            calibration={"temperature": 1.0, "bias": [0.0]},
            threshold=0.4,
            operating_point={},
            novelty={},
            weights="weights.npz",
            sha256=hashlib.sha256(content).hexdigest(),
            limits_sha256="",
            training={},
            data={},
            metrics=METRICS,
            created="2026-01-01T00:00:00Z",
        )
        bundle = replace(bundle, **fields)
        bundle.write()
        return bundle

    return written


def active() -> str:
    return str(ModelVersion.objects.get(is_active=True))


def test_a_bundle_becomes_a_row_and_the_default_one_active(write):
    bundle = write()
    row = register_bundle(bundle)
    row.refresh_from_db()
    assert str(row) == "seven-stage 1.0.0"
    assert row.sha256 == bundle.sha256
    assert row.architecture == "seven_stage"
    assert row.classes == ["benign", "malignant"]
    assert row.malignant_classes == ["malignant"]
    assert row.threshold == 0.4
    assert row.metrics == METRICS
    assert row.is_active


def test_another_model_does_not_become_active_by_itself(write):
    register_bundle(write("challenger"))
    assert not ModelVersion.objects.filter(is_active=True).exists()
    register_bundle(write())
    register_bundle(write("another"))
    assert active() == "seven-stage 1.0.0"


def test_what_an_operator_chose_stays_active(write):
    register_bundle(write())
    activate_model(register_bundle(write("challenger")))
    register_bundle(write())
    register_bundle(write("challenger"))
    assert active() == "challenger 1.0.0"


def test_a_new_version_takes_the_place_of_the_active_one(write):
    register_bundle(write())
    register_bundle(write(version="1.1.0", content=b"better weights"))
    assert active() == "seven-stage 1.1.0"
    assert ModelVersion.objects.count() == 2


def test_metrics_that_no_page_could_show_are_refused(write):
    spoilt = {"held_out": {"pictures": {"benign": 10}, "model": {"sensitivity": 0.9}}}
    where = "seven-stage 1.0.0: metrics.held_out.model.sensitivity must be an object. Received: 0.9"
    with pytest.raises(BundleError, match=where):
        register_bundle(write(metrics=spoilt))
    assert not ModelVersion.objects.exists()


def test_what_describes_a_network_is_registered_too(write):
    point = {"sensitivity": 0.9, "threshold": 0.2, "pictures": 9}
    eight = {"classes": DIAGNOSIS_CODES, "malignant": MALIGNANT_CODES, "operating_point": point}
    bundle = write(calibration={"temperature": 1.0, "bias": [0.0] * 8}, **eight)
    bundle.card_path.write_text("# seven-stage 1.0.0\n\nMade for this test.\n")
    row = register_bundle(bundle)
    row.refresh_from_db()
    assert row.operating_point == point
    assert row.classes == list(DIAGNOSIS_CODES)
    assert row.explain("mel").name == "Melanoma"
    assert row.names_diagnoses
    assert row.card.startswith("# seven-stage 1.0.0")
    assert not register_bundle(write("binary", b"others")).names_diagnoses


def test_thresholds_for_photographs_are_registered_and_brought_up_to_date(write):
    point = {"sensitivity": 0.95, "threshold": 0.1}
    clinical = {
        "calibration": {"temperature": 2.0, "bias": [0.1]},
        "threshold": 0.3,
        "operating_point": point,
    }
    assert register_bundle(write()).standard_of("clinical") == (0.4, {})
    row = register_bundle(write(image_types=IMAGE_TYPES, clinical=clinical))
    row.refresh_from_db()
    assert row.standard_of("clinical") == (0.3, point)
    assert row.standard_of("dermoscopic") == (0.4, {})


def test_a_version_keeps_its_figures_after_another_took_its_folder(write):
    for version, figure in (("1.0.0", b"first"), ("1.1.0", b"second"), ("1.1.0", b"again")):
        bundle = write(version=version, content=version.encode())
        bundle.report_directory.mkdir(exist_ok=True)
        (bundle.report_directory / "held-out-roc.png").write_bytes(figure)
        register_bundle(bundle)
    for version, figure in (("1.0.0", b"first"), ("1.1.0", b"again")):
        path = figure_path("seven-stage", version, "held-out-roc.png")
        with default_storage.open(path) as kept:
            assert kept.read() == figure


def test_registered_again_only_what_describes_it_changes(write):
    first = register_bundle(write())
    again = register_bundle(write(metrics={"official": {"accuracy": 0.93}}, threshold=0.9))
    again.refresh_from_db()
    assert again.pk == first.pk
    assert again.metrics == {"official": {"accuracy": 0.93}}
    assert again.threshold == 0.4
    assert again.registered_at == first.registered_at


def test_the_same_version_with_other_weights_is_refused(write):
    first = register_bundle(write())
    with pytest.raises(BundleError, match="registered with other weights"):
        register_bundle(write(content=b"other weights", metrics={}))
    first.refresh_from_db()
    assert first.metrics == METRICS


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_weights_that_are_not_those_described_are_refused(write, damage):
    bundle = write()
    bundle.weights_path.unlink()
    if damage == "changed":
        bundle.weights_path.write_bytes(b"tampered")
    with pytest.raises(BundleError):
        register_bundle(bundle)
    assert not ModelVersion.objects.exists()


def test_activating_changes_rows_and_nothing_else():
    old = ModelVersionFactory(is_active=True)
    new = ModelVersionFactory(version="0.0.2")
    judged = PredictionFactory(model_version=old)
    activate_model(new)
    assert new.is_active
    assert active() == "seven-stage 0.0.2"
    judged.refresh_from_db()
    assert judged.model_version == old
    activate_model(old)
    assert active() == "seven-stage 0.0.1"


def test_the_command_registers_what_is_on_disk_as_often_as_one_likes(write):
    write(), write("challenger")
    for _ in range(2):
        out = StringIO()
        call_command("register_models", stdout=out)
        assert out.getvalue().splitlines() == [
            "challenger 1.0.0: registered",
            "seven-stage 1.0.0: active",
        ]


def test_the_command_registers_nothing_where_no_bundle_is(bundles):
    call_command("register_models", stdout=StringIO())
    assert not ModelVersion.objects.exists()


@pytest.mark.parametrize("content", ["no json", "{}", "[]"])
def test_the_command_says_what_is_wrong_with_a_bundle(write, content):
    (write().directory / "model.json").write_text(content)
    with pytest.raises(CommandError, match=r"model\.json"):
        call_command("register_models", stdout=StringIO())


@pytest.fixture
def loaded(monkeypatch) -> Iterator[list[Bundle]]:
    """Return the bundles whose networks would have been loaded; no network is."""
    bundles: list[Bundle] = []

    def load(bundle: Bundle, threads: int | None = None) -> object:
        bundles.append(bundle)
        return object()

    monkeypatch.setattr(Predictor, "load", load)
    predictors._load.cache_clear()
    yield bundles
    predictors._load.cache_clear()


def test_a_worker_loads_the_active_model_once(write, loaded):
    row = register_bundle(write())
    (first, network), (second, same) = (
        predictors.load_active_analyst(),
        predictors.load_active_analyst(),
    )
    assert first == second == row
    assert same.args[0] is network.args[0]
    assert [bundle.sha256 for bundle in loaded] == [row.sha256]


def test_a_task_reads_neither_the_card_nor_the_figures_of_the_model(write, loaded):
    row = register_bundle(write())
    with CaptureQueriesContext(connection) as captured:
        version, _ = predictors.load_active_analyst()
        assert str(version) == "seven-stage 1.0.0"
    assert len(captured) == 1
    assert version.get_deferred_fields() == {"card", "metrics"}
    with CaptureQueriesContext(connection) as captured:
        tasks.reanalyse_results(row.pk)
    asked = [query["sql"] for query in captured]
    assert any("classifier_modelversion" in sql for sql in asked)
    assert not any('"card"' in sql or '"metrics"' in sql for sql in asked)


def test_a_worker_follows_the_active_model_and_back(write, loaded):
    register_bundle(write())
    first = predictors.load_active_analyst()[1].args[0]
    activate_model(register_bundle(write("challenger", b"others")))
    assert predictors.load_active_analyst()[0].name == "challenger"
    activate_model(ModelVersion.objects.get(name="seven-stage"))
    assert predictors.load_active_analyst()[1].args[0] is first
    assert len(loaded) == 2


def test_a_worker_refuses_files_that_are_not_those_registered(write, loaded):
    register_bundle(write())
    write(version="1.1.0", content=b"better weights")
    with pytest.raises(BundleError, match="register_models"):
        predictors.load_active_analyst()
    register_bundle(Bundle.read(write(version="1.1.0", content=b"better weights").directory))
    assert predictors.load_active_analyst()[0].version == "1.1.0"


def test_a_worker_without_an_active_model_says_so(loaded):
    with pytest.raises(BundleError, match="No model is active"):
        predictors.load_active_analyst()


def test_figures_that_are_there_are_not_written_again(write, media):
    bundle = write()
    bundle.report_directory.mkdir()
    (bundle.report_directory / "held-out-roc.png").write_bytes(b"figure")
    register_bundle(bundle)
    kept = media / figure_path("seven-stage", "1.0.0", "held-out-roc.png")
    before = kept.stat()
    register_bundle(bundle)
    assert (kept.stat().st_ino, kept.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
