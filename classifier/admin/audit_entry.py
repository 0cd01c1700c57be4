from __future__ import annotations

from django.contrib import admin

from classifier.admin.read_only import ReadOnly
from classifier.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, admin.ModelAdmin):
    list_display = [
        "at",
        "actor_key",
        "action",
        "subject_type",
        "subject_key",
        "number_listed",
        "request_id",
    ]
    list_filter = ["action", "subject_type"]
    search_fields = ["=actor_key", "=subject_key", "listed", "=request_id"]
    search_help_text = "The key of an account, of what was touched, or of a request."
    date_hierarchy = "at"
    show_full_result_count = False

    @admin.display(description="listed")
    def number_listed(self, entry: AuditEntry) -> int | str:
        return len(entry.listed) if entry.listed else "-"
