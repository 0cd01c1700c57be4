"""List everything that a person has sent in so far."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classifier.filters import HistoryFilter
from classifier.models import Submission

PER_PAGE = 20


@login_required
@never_cache
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    mine = Submission.objects.owned_by(request.user).with_result()
    filtered = HistoryFilter(request.GET, queryset=mine)
    paginator = Paginator(filtered.qs, PER_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    context = {
        "filter": filtered,
        "page_obj": page,
        "total": paginator.count,
        "unfinished": sum(not submission.is_finished for submission in page),
        # Nothing remembers how a person likes to look at them but the address.
        "grid": request.GET.get("view") == "grid",
        "way_back": request.get_full_path(),
    }
    return render(request, "classifier/submissions/history.html", context)
