"""Give the site's own pages their addresses."""

from __future__ import annotations

from django.urls import path

from classifier.views import pages
from classifier.views.account import data, devices, second_factor
from classifier.views.operation import health, monitoring
from classifier.views.registry import cards, samples
from classifier.views.submissions import (
    chosen,
    history,
    note,
    results,
    scale,
    upload,
    waiting,
)

urlpatterns = [
    path("", pages.home, name="home"),
    path("about/", pages.about, name="about"),
    path("samples/", samples.samples, name="samples"),
    path("samples/<slug:slug>/", samples.sample, name="sample"),
    path("samples/<slug:slug>/heat-map/", samples.sample_heat_map, name="sample_heat_map"),
    path("samples/<slug:slug>/use/", samples.use_sample, name="use_sample"),
    path("upload/", upload.upload, name="upload"),
    path("history/", history.history, name="history"),
    path("history/waiting/", waiting.waiting, name="waiting"),
    path("history/delete/", chosen.delete_chosen, name="delete_chosen"),
    path("history/export/", chosen.export_chosen, name="export_chosen"),
    path("results/<uuid:pk>/", results.result, name="result"),
    path("results/<uuid:pk>/status/", results.result_status, name="result_status"),
    path("results/<uuid:pk>/image/", results.result_image, name="result_image"),
    path("results/<uuid:pk>/copy/", results.result_copy, name="result_copy"),
    path("results/<uuid:pk>/thumbnail/", results.result_thumbnail, name="result_thumbnail"),
    path("results/<uuid:pk>/heat-map/", results.result_heat_map, name="result_heat_map"),
    path("results/<uuid:pk>/scale/", scale.scale, name="result_scale"),
    path("results/<uuid:pk>/retry/", results.retry, name="retry"),
    path("results/<uuid:pk>/note/", note.note, name="note"),
    path("results/<uuid:pk>/delete/", results.delete, name="delete"),
    path("account/data/", data.account_data, name="account_data"),
    path("account/data/export/", data.account_export, name="account_export"),
    path("account/devices/", devices.account_devices, name="account_devices"),
    path("account/second-factor/", second_factor.second_factor_link, name="second_factor_link"),
    path(
        "account/second-factor/<str:key>/",
        second_factor.second_factor_set_up,
        name="second_factor_set_up",
    ),
    path("account/delete/", data.account_delete, name="account_delete"),
    path("models/", cards.models, name="models"),
    path("models/<slug:name>/", cards.model, name="model"),
    path("models/<slug:name>/figures/<slug:file>.png", cards.figure, name="model_figure"),
    path("models/<slug:name>/<str:version>/", cards.model_version, name="model_version"),
    path(
        "models/<slug:name>/<str:version>/figures/<slug:file>.png",
        cards.figure,
        name="model_version_figure",
    ),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", monitoring.monitoring, name="monitoring"),
    path("metrics/parts", monitoring.parts, name="monitoring_parts"),
]
