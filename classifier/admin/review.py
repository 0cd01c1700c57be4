from __future__ import annotations

from django.contrib import admin
from simple_history.admin import SimpleHistoryAdmin

from classifier.admin.read_only import ReadOnly
from classifier.models import Review


@admin.register(Review)
class ReviewAdmin(ReadOnly, SimpleHistoryAdmin):
    """Shows all reviews and what they said before. They are recorded on the submission's page."""

    list_display = ["submission", "diagnosis", "reviewer", "updated_at"]
    list_filter = ["diagnosis", "reviewer"]
    list_select_related = ["submission", "reviewer"]
    search_fields = ["submission__id", "comment"]
    history_list_display = ["diagnosis", "comment"]
