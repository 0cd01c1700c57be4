"""Check what people send from the pages."""

from __future__ import annotations

from typing import Any

from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from classifier.services.submissions.scale import SCALE_LIMITS, Point
from classifier.uploads import ACCEPT

#: The name of a security key has room for this many characters.
KEY_NAME_LENGTH = 100


class MultipleFileInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class MultipleFileField(forms.FileField):
    """Takes several files from one input. Each file is checked later, when it is submitted."""

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
    """Takes what the upload page sends.

    That is several pictures, or one picture with a key by which a repeat is recognised.
    """

    images = MultipleFileField(
        label="Pictures", widget=MultipleFileInput(attrs={"accept": ACCEPT, "multiple": True})
    )
    pixels_per_mm = forms.FloatField(
        label="Pixels per millimetre",
        required=False,
        min_value=SCALE_LIMITS[0],
        max_value=SCALE_LIMITS[1],
        help_text="Of all the pictures chosen here. With it, the size of a spot is given in "
        "millimetres.",
        error_messages={
            "invalid": "The scale must be a number of pixels per millimetre, like 42.5.",
            "min_value": "The scale must be at least %(limit_value)s pixel per millimetre.",
            "max_value": "The scale must be at most %(limit_value)s pixels per millimetre.",
        },
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )
    #: Only the page's script sends a key. It sends one picture a request.
    upload_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("upload_key") and len(cleaned.get("images", [])) > 1:
            self.add_error("upload_key", "One key is for one picture.")
        return cleaned


class _Place(forms.FloatField):
    """Takes one number of a point in a picture."""

    widget = forms.NumberInput(attrs={"step": "any", "inputmode": "decimal", "autocomplete": "off"})

    def __init__(self, label: str) -> None:
        super().__init__(label=label, min_value=0)


class ScaleForm(forms.Form):
    """Takes two points in a picture, and how far apart they are on the skin."""

    x1 = _Place("First point, from the left")
    y1 = _Place("First point, from the top")
    x2 = _Place("Second point, from the left")
    y2 = _Place("Second point, from the top")
    millimetres = forms.FloatField(
        label="Millimetres between them",
        min_value=0.1,
        max_value=1000,
        widget=forms.NumberInput(
            attrs={"step": "any", "inputmode": "decimal", "list": "known-lengths"}
        ),
    )

    @property
    def points(self) -> tuple[Point, Point]:
        given = self.cleaned_data
        return Point(given["x1"], given["y1"]), Point(given["x2"], given["y2"])


class AddKeyForm(AddWebAuthnForm):
    """Adds a security key, and shortens a name that is too long rather than refusing it.

    By then the key has been made, so a refusal would come too late.
    """

    name = forms.CharField(
        required=False, widget=forms.TextInput(attrs={"maxlength": KEY_NAME_LENGTH})
    )

    def clean_name(self) -> str:
        return super().clean_name()[:KEY_NAME_LENGTH]


class RenameKeyForm(EditWebAuthnForm):
    name = forms.CharField(max_length=KEY_NAME_LENGTH)
