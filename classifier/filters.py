"""What a person can narrow their history down to."""

from __future__ import annotations

import django_filters
from django import forms

from classifier.models import Status, Submission, Verdict


class HistoryFilter(django_filters.FilterSet):
    verdict = django_filters.ChoiceFilter(
        field_name="prediction__verdict",
        label="Verdict",
        choices=Verdict.choices,
        empty_label="Any verdict",
    )
    status = django_filters.ChoiceFilter(
        label="State", choices=Status.choices, empty_label="Any state"
    )
    date_from = django_filters.DateFilter(
        field_name="created_at",
        lookup_expr="date__gte",
        label="From",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    date_to = django_filters.DateFilter(
        field_name="created_at",
        lookup_expr="date__lte",
        label="To",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    ordering = django_filters.OrderingFilter(
        label="Sort by",
        empty_label=None,
        null_label=None,
        fields={"created_at": "created_at", "prediction__confidence": "confidence"},
        choices=[
            ("-created_at", "Newest first"),
            ("created_at", "Oldest first"),
            ("-confidence", "Most confident first"),
            ("confidence", "Least confident first"),
        ],
    )

    class Meta:
        model = Submission
        fields = ["verdict", "status", "date_from", "date_to", "ordering"]
