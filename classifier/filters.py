"""A person narrows down and sorts their history with this filter."""

from __future__ import annotations

import django_filters
from django import forms
from django.db.models import F
from django.db.models.expressions import OrderBy

from classifier.models import ImageType, Status, Submission, Verdict
from classifier.models.submission import SubmissionQuerySet


class ResultOrdering(django_filters.OrderingFilter):
    """Sorts rows without a result last in every database.

    Rows with the same value are sorted by date.
    """

    def get_ordering_value(self, param: str) -> str | OrderBy:
        term = super().get_ordering_value(param)
        name = term.removeprefix("-")
        if name == "created_at":
            return term
        return OrderBy(F(name), descending=term != name, nulls_last=True)

    def filter(self, qs: SubmissionQuerySet, value: list[str] | None) -> SubmissionQuerySet:
        ordered = super().filter(qs, value)
        return ordered.order_by(*ordered.query.order_by, "-created_at", "-id")


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
    image_type = django_filters.ChoiceFilter(
        label="Taken",
        choices=[(kind.value, kind.label) for kind in ImageType],
        empty_label="Any way",
        null_label=ImageType.__empty__,
        null_value="unknown",
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
    ordering = ResultOrdering(
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
        fields = ["verdict", "status", "image_type", "date_from", "date_to", "ordering"]

    @property
    def is_narrowed(self) -> bool:
        """Return whether a valid filter leaves rows out. Sorting alone leaves none out."""
        chosen = self.form.cleaned_data if self.is_bound else {}
        return any(value for name, value in chosen.items() if name != "ordering")
