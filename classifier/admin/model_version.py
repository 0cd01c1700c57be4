from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from classifier.admin.read_only import NoAdding
from classifier.models import ModelVersion
from classifier.services.activate import activate

#: "View on site" shows these in a form that can be read.
ON_THE_CARD = ["card", "diagnoses"]


@admin.register(ModelVersion)
class ModelVersionAdmin(NoAdding, admin.ModelAdmin):
    list_display = ["name", "version", "architecture", "threshold", "is_active", "registered_at"]
    list_filter = ["name", "is_active"]
    exclude = ON_THE_CARD
    readonly_fields = [
        field.name for field in ModelVersion._meta.fields if field.name not in ON_THE_CARD
    ]
    actions = ["use_for_new_submissions"]

    def has_delete_permission(self, request: HttpRequest, obj: ModelVersion | None = None) -> bool:
        return False

    @admin.action(description="Use for new submissions", permissions=["change"])
    def use_for_new_submissions(
        self, request: HttpRequest, queryset: QuerySet[ModelVersion]
    ) -> None:
        chosen = list(queryset[:2])
        if len(chosen) != 1:
            self.message_user(request, "Choose exactly one model version.", messages.ERROR)
            return
        activate(chosen[0])
        self.message_user(request, f"{chosen[0]} now analyses new submissions.")
