"""Take two points in a picture from its owner, and what lies between them."""

from __future__ import annotations

import uuid
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from classifier.forms import ScaleForm
from classifier.models import Submission, User
from classifier.services.submissions.scale import ScaleRefused, set_scale
from classifier.views.submissions.results import show_result


@login_required
@never_cache
@require_POST
def scale(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    submission = get_object_or_404(Submission.objects.owned_by(request.user).with_result(), pk=pk)
    form = ScaleForm(request.POST)
    if form.is_valid():
        try:
            found = set_scale(
                submission,
                owner=cast(User, request.user),
                points=form.points,
                millimetres=form.cleaned_data["millimetres"],
            )
        except ScaleRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"The scale is set: {found:.3g} pixels a millimetre.")
            return redirect(f"{reverse('result', args=[pk])}#measured")
    return show_result(request, submission, status=422, scale_form=form)
