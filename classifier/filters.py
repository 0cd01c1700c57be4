"""A person narrows down and sorts their history with this filter."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import F, Q
from django.db.models.expressions import OrderBy

from classifier.models import ImageType, Status, Submission, Verdict
from classifier.models.submission import SubmissionQuerySet

#: Only so many words are looked for, as each is compared with every row of the person.
MOST_WORDS = 8


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
    q = django_filters.CharFilter(
        label="Name or note",
        method="find_words",
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
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
        fields = ["q", "verdict", "status", "image_type", "date_from", "date_to", "ordering"]

    def find_words(self, qs: SubmissionQuerySet, name: str, value: str) -> SubmissionQuerySet:
        """Keep the rows that have each word in the name of the file or in the note."""
        for word in value.split()[:MOST_WORDS]:
            # SQLite knows of no case but that of ASCII, so that Ü would not find ü.
            spellings = {word} if word.isascii() else {word.lower(), word.upper(), word.title()}
            found = Q()
            for spelling in sorted(spellings):
                found |= Q(original_name__icontains=spelling) | Q(note__icontains=spelling)
            qs = qs.filter(found)
        return qs

    @property
    def is_narrowed(self) -> bool:
        """Return whether a valid filter leaves rows out. Sorting alone leaves none out."""
        return any(value for name, value in self._chosen.items() if name != "ordering")

    @property
    def is_set(self) -> bool:
        """Return whether anything beside the search is set, or was meant to be."""
        beside = any(value for name, value in self._chosen.items() if name != "q")
        return beside or bool(self.form.errors)

    @property
    def _chosen(self) -> dict[str, Any]:
        return self.form.cleaned_data if self.is_bound else {}
