"""Forms of the pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from classifier.uploads import ACCEPT


class MultipleFileInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class MultipleFileField(forms.FileField):
    """Several files of one input; each is checked as it is submitted, not here."""

    widget = MultipleFileInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        if not data:
            raise forms.ValidationError("Choose at least one picture.")
        if len(data) > settings.UPLOAD_MAX_FILES:
            raise forms.ValidationError(
                f"You chose {len(data)} pictures. "
                f"Please send at most {settings.UPLOAD_MAX_FILES} at a time."
            )
        return list(data)


class UploadForm(forms.Form):
    images = MultipleFileField(
        label="Pictures", widget=MultipleFileInput(attrs={"accept": ACCEPT, "multiple": True})
    )
