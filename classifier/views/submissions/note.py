"""Let people note something down about a picture of their own."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django_htmx.middleware import HtmxDetails

from classifier.forms import NoteForm
from classifier.models import Submission
from classifier.services.submissions.note import write_note
from classifier.views.submissions.stopping import signed_in, stop_asking


@never_cache
@signed_in
@require_POST
def note(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    by_page = bool(HtmxDetails(request))
    submission = Submission.objects.owned_by(request.user).filter(pk=pk).first()
    if not submission:
        if by_page:
            return stop_asking(request, "deleted")
        raise Http404("There is no such submission.")
    form = NoteForm(request.POST)
    if form.is_valid():
        write_note(submission=submission, note=form.cleaned_data["note"])
        if not by_page:
            return redirect(f"{reverse('result', args=[pk])}#note")
    else:
        # What was typed stays in the field, to be shortened.
        submission.note = request.POST.get("note", "")
    context = {"submission": submission, "problems": form.errors.get("note"), "told": True}
    if by_page:
        # htmx shows no answer that has the status of an error.
        return render(request, "classifier/submissions/partials/note.html", context)
    return render(request, "classifier/submissions/note.html", context, status=422)
