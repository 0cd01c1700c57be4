from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from classifier.admin.audited import Audited
from classifier.admin.prediction import PredictionInline
from classifier.admin.read_only import NoAdding, TakesReviewsAlong
from classifier.models import Review, Submission, User
from classifier.models.review import COMMENT_LENGTH
from classifier.models.submission import REVIEW_PERMISSION, SubmissionQuerySet
from classifier.services.operation.audit import record_look, record_look_at_list
from classifier.services.reading.review import record_review
from classifier.services.submissions.retry import overrule_rejection, requeue_submission


class ReviewState(admin.SimpleListFilter):
    title = "review"
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("awaiting", "Awaiting review"), ("reviewed", "Reviewed")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "awaiting":
            return queryset.awaiting_review()
        if self.value() == "reviewed":
            return queryset.filter(Exists(Review.objects.filter(submission=OuterRef("pk"))))
        return queryset


class ReviewForm(forms.ModelForm):
    """Takes the reviewer's own judgement. Everything else on the page is read-only."""

    reviewer: User

    diagnosis = forms.ChoiceField(
        choices=[("", "No review by me"), *Review.Diagnosis.choices], required=False
    )
    comment = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        max_length=COMMENT_LENGTH,
        help_text="Shown to the person who sent the picture in. "
        f"At most {COMMENT_LENGTH:,} characters.",
    )

    class Meta:
        model = Submission
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = self.instance.reviews.filter(reviewer=self.reviewer).first()
        if own:
            self.initial.update(diagnosis=own.diagnosis, comment=own.comment)
            # A review can be changed but not taken back.
            self.fields["diagnosis"].required = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("comment") and not cleaned.get("diagnosis"):
            self.add_error("diagnosis", "Choose a diagnosis to go with the comment.")
        return cleaned


@admin.register(Submission)
class SubmissionAdmin(Audited, NoAdding, TakesReviewsAlong, admin.ModelAdmin):
    form = ReviewForm
    inlines = [PredictionInline]
    actions = ["requeue", "overrule"]
    show_full_result_count = False
    list_display = [
        "picture_small",
        "owner",
        "verdict",
        "confidence",
        "model_version",
        "status",
        "review_count",
        "created_at",
    ]
    list_display_links = ("picture_small", "owner")
    list_filter = [
        "status",
        "prediction__verdict",
        "image_type",
        ReviewState,
        "prediction__model_version",
        "created_at",
    ]
    list_per_page = 50
    search_fields = ["id", "owner__email", "original_name"]
    readonly_fields = [
        "picture",
        "owner",
        "original_name",
        "note",
        "size",
        "looked_at",
        "image_type",
        "status",
        "attempts",
        "alone",
        "rejection",
        "rejection_told",
        "overruled_by",
        "failure",
        "failure_told",
        "failure_detail",
        "pixels_per_mm",
        "created_at",
        "started_at",
        "finished_at",
        "all_reviews",
    ]
    fieldsets = [
        (
            "Picture",
            {
                "fields": [
                    "picture",
                    "owner",
                    "original_name",
                    "note",
                    "size",
                    "looked_at",
                    "image_type",
                    "pixels_per_mm",
                    "created_at",
                ]
            },
        ),
        ("Reviews", {"fields": ["all_reviews", "diagnosis", "comment"]}),
        (
            "Analysis",
            {
                "fields": [
                    "status",
                    "attempts",
                    "alone",
                    "started_at",
                    "finished_at",
                    "rejection",
                    "rejection_told",
                    "overruled_by",
                    "failure",
                    "failure_told",
                    "failure_detail",
                ]
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        rows = cast(SubmissionQuerySet, super().get_queryset(request)).with_result()
        # A subquery counts only for the rows of the page. A join would read all rows for the first
        # page.
        reviews = Review.objects.filter(submission=OuterRef("pk")).order_by()
        number = reviews.values("submission").annotate(number=Count("pk")).values("number")
        return rows.select_related("owner").annotate(
            number_of_reviews=Coalesce(Subquery(number), 0)
        )

    def has_view_permission(self, request: HttpRequest, obj: Submission | None = None) -> bool:
        return request.user.has_perm(REVIEW_PERMISSION)

    def has_change_permission(self, request: HttpRequest, obj: Submission | None = None) -> bool:
        return request.user.has_perm(REVIEW_PERMISSION)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        page = super().changelist_view(request, extra_context)
        if changelist := (getattr(page, "context_data", None) or {}).get("cl"):
            record_look_at_list(changelist.result_list, viewer=cast(User, request.user))
        return page

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._seen(request, super().change_view(request, object_id, form_url, extra_context))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        return self._seen(request, super().delete_view(request, object_id, extra_context))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        return self._seen(request, super().history_view(request, object_id, extra_context))

    def _seen(self, request: HttpRequest, page: HttpResponse) -> HttpResponse:
        """Record a look at the submission of this page, which by now has not been refused."""
        context = getattr(page, "context_data", None) or {}
        if shown := context.get("original") or context.get("object"):
            record_look(shown, viewer=request.user)
        return page

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        form = super().get_form(request, obj, change, **kwargs)
        form.reviewer = request.user  # type: ignore[attr-defined]
        return form

    def save_model(self, request: HttpRequest, obj: Submission, form: Any, change: bool) -> None:
        """Record the review; the submission itself has nothing to save."""
        if form.cleaned_data["diagnosis"]:
            record_review(
                submission=obj,
                reviewer=request.user,  # type: ignore[arg-type]
                diagnosis=form.cleaned_data["diagnosis"],
                comment=form.cleaned_data["comment"],
            )

    @admin.action(description="Analyse again", permissions=["change"])
    def requeue(self, request: HttpRequest, queryset: QuerySet[Submission]) -> None:
        queued = 0
        for submission in queryset:
            if requeue_submission(submission):
                self.log_change(request, submission, "Analysed again.")
                queued += 1
        self.message_user(request, f"{queued} of {queryset.count()} queued.", messages.INFO)

    @admin.action(description="Analyse although the picture was rejected", permissions=["change"])
    def overrule(self, request: HttpRequest, queryset: QuerySet[Submission]) -> None:
        queued = 0
        for submission in queryset:
            if overrule_rejection(submission, reviewer=request.user):  # type: ignore[arg-type]
                self.log_change(request, submission, "Overruled the rejection of the picture.")
                queued += 1
        text = f"{queued} of {queryset.count()} queued; only rejected pictures can be overruled."
        self.message_user(request, text, messages.INFO)

    @admin.display(description="picture")
    def picture_small(self, submission: Submission) -> SafeString:
        address = reverse("result_thumbnail", args=[submission.pk])
        return format_html('<img src="{}" alt="Open" width="64" height="64">', address)

    @admin.display(description="picture")
    def picture(self, submission: Submission) -> SafeString:
        return format_html(
            '<a href="{0}"><img src="{0}" alt="The picture sent in" height="360"></a>',
            reverse("result_image", args=[submission.pk]),
        )

    @admin.display(description="size in pixels")
    def size(self, submission: Submission) -> str:
        return f"{submission.width} x {submission.height}"

    @admin.display(description="looked at")
    def looked_at(self, submission: Submission) -> str:
        if not (content := submission.content):
            return "-"
        return (
            f"{content.width} x {content.height} pixels, {content.left} from the left and "
            f"{content.top} from the top: the plain border around the picture was left out"
        )

    @admin.display(description="what its owner is told of that")
    def rejection_told(self, submission: Submission) -> str:
        return submission.rejection_sentence or "-"

    @admin.display(description="what its owner is told of that")
    def failure_told(self, submission: Submission) -> str:
        return submission.failure_sentence or "-"

    @admin.display(description="verdict", ordering="prediction__verdict")
    def verdict(self, submission: Submission) -> str:
        return submission.prediction.get_verdict_display() if submission.prediction else "-"

    @admin.display(description="confidence", ordering="prediction__confidence")
    def confidence(self, submission: Submission) -> str:
        return f"{submission.prediction.confidence_percent} %" if submission.prediction else "-"

    @admin.display(description="model", ordering="prediction__model_version")
    def model_version(self, submission: Submission) -> str:
        return str(submission.prediction.model_version) if submission.prediction else "-"

    @admin.display(description="reviews")
    def review_count(self, submission: Submission) -> int:
        return submission.number_of_reviews  # type: ignore[attr-defined]

    @admin.display(description="recorded so far")
    def all_reviews(self, submission: Submission) -> SafeString | str:
        lines = [
            (str(r), r.reviewer, r.updated_at.date(), r.comment)
            for r in submission.reviews.select_related("reviewer")
        ]
        return format_html_join("", "<p><strong>{}</strong> ({}, {}) {}</p>", lines) or "None"
