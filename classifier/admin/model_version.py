from __future__ import annotations

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from classifier.admin.audited import Audited
from classifier.admin.read_only import NoAdding
from classifier.models import ModelVersion
from classifier.services.registry.activate import activate_model
from classifier.services.submissions.dispatch import WorkersUnreachable, dispatch_reanalysis

#: The form leaves these out: the page behind "View on site" shows them in a readable form.
ON_THE_CARD = ["card", "diagnoses"]


@admin.register(ModelVersion)
class ModelVersionAdmin(Audited, NoAdding, admin.ModelAdmin):
    list_display = ["name", "version", "architecture", "threshold", "is_active", "registered_at"]
    list_filter = ["name", "is_active"]
    exclude = ON_THE_CARD
    readonly_fields = [
        field.name for field in ModelVersion._meta.fields if field.name not in ON_THE_CARD
    ]
    actions = ["use_for_new_submissions", "add_to_earlier_results"]

    def has_delete_permission(self, request: HttpRequest, obj: ModelVersion | None = None) -> bool:
        return False

    @admin.action(description="Use for new submissions", permissions=["change"])
    def use_for_new_submissions(
        self, request: HttpRequest, queryset: QuerySet[ModelVersion]
    ) -> None:
        if chosen := self._only_one(request, queryset):
            activate_model(chosen)
            self.log_change(request, chosen, "Used for new submissions.")
            self.message_user(request, f"{chosen} now analyses new submissions.")

    @admin.action(description="Add its answers to earlier results", permissions=["change"])
    def add_to_earlier_results(
        self, request: HttpRequest, queryset: QuerySet[ModelVersion]
    ) -> None:
        chosen = self._only_one(request, queryset)
        if not chosen:
            return
        try:
            # A message cannot be taken back, so the log entry is written before it is sent.
            with transaction.atomic():
                self.log_change(request, chosen, "Its answers are added to earlier results.")
                dispatch_reanalysis(chosen.pk)
        except WorkersUnreachable:
            text = "The workers cannot be reached at the moment. Please try again later."
            self.message_user(request, text, messages.ERROR)
        else:
            text = f"Earlier results are being joined by what {chosen} says; none is replaced."
            self.message_user(request, text)

    def _only_one(
        self, request: HttpRequest, queryset: QuerySet[ModelVersion]
    ) -> ModelVersion | None:
        chosen = list(queryset[:2])
        if len(chosen) == 1:
            return chosen[0]
        self.message_user(request, "Choose exactly one model version.", messages.ERROR)
        return None
