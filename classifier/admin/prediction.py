from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from classifier.models import Prediction
from classifier.models.prediction import PredictionQuerySet


class PredictionInline(admin.TabularInline):
    model = Prediction
    fk_name = "submission"
    extra = 0
    can_delete = False
    fields = (
        "model_version",
        "verdict",
        "judged_as",
        "all_probabilities",
        "possible_diagnoses",
        "heat",
        "inference_ms",
        "created_at",
    )
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Prediction]:
        rows = cast(PredictionQuerySet, super().get_queryset(request))
        return rows.with_model_version()

    @admin.display(description="probabilities")
    def all_probabilities(self, prediction: Prediction) -> SafeString:
        lines = [(share.name, share.percent) for share in prediction.differential]
        return format_html_join(", ", "{} {} %", lines)

    @admin.display(description="cannot be told apart")
    def possible_diagnoses(self, prediction: Prediction) -> str:
        return ", ".join(share.name for share in prediction.possible_diagnoses) or "-"

    @admin.display(description="heat within the lesion")
    def heat(self, prediction: Prediction) -> str:
        percent = prediction.heat_inside_percent
        return "-" if percent is None else f"{percent} %"
