from django.db import migrations
from django.db.models import Case, Q, Value, When

#: Earlier releases stored these sentences. The last one of a code is the latest.
FAILURES = {
    "The stored picture can no longer be read. Please upload it again.": "unreadable",
    "Something went wrong on our side while we analysed this picture, more than once. "
    "You can try again; if it keeps failing, please tell us.": "gave_up",
    "The analysis of this picture stopped more than once before it was finished. "
    "You can try again; if it keeps failing, please send another picture of the lesion.": (
        "worker_lost"
    ),
}
REJECTIONS = {
    "The picture is too small to judge. Send the original file rather than a thumbnail or a "
    "screenshot: its shorter side must have at least 100 pixels.": "too_small",
    "The picture is too dark. Switch the light of the dermoscope on or turn the exposure up, and "
    "take it again.": "too_dark",
    "The picture is too dark. Switch the light on, that of a dermoscope too, or turn the "
    "exposure up, and take it again.": "too_dark",
    "The picture is too bright: parts of it are plain white. Turn the exposure down, press the "
    "dermoscope flat onto the skin so that nothing reflects, and take it again.": "too_bright",
    "The picture is too bright: parts of it are plain white. Turn the exposure down, and see "
    "that nothing reflects: press a dermoscope flat onto the skin, or take a photograph "
    "without a flash. Then take it again.": "too_bright",
    "Most of the picture is black around the edges. Hold the camera in the middle of the "
    "dermoscope's eyepiece, zoom in until the round field fills the picture, and take it "
    "again.": "dark_corners",
    "Nothing in the picture stands out from the rest. Wipe the lens, use some gel or alcohol "
    "between skin and glass, and take it again.": "low_contrast",
    "Nothing in the picture stands out from the rest. Wipe the lens, use some gel or alcohol "
    "between the skin and the glass of a dermoscope, and take it again.": "low_contrast",
    "The picture is blurred. Hold the camera still, let it focus on the spot, and take it "
    "again.": "blurred",
    "There seems to be no spot in the picture. Put the spot in the middle, with some skin "
    "around it, and take it again.": "no_lesion",
    "This looks neither like a dermoscopic picture nor like a photograph of a spot on the "
    "skin, so the network's answer would mean nothing. Take a close-up of one spot, with the "
    "spot in the middle.": "not_dermoscopy",
    "This site judges only pictures that were taken through a dermoscope, and this looks like "
    "an ordinary photograph. Take a close-up of the spot through a dermoscope, with the spot "
    "in the middle.": "clinical_picture",
}
#: Networks that know nothing but dermoscopy had this sentence for ``not_dermoscopy``, which was the
#: only one before others came.
DERMOSCOPY_ALONE = (
    "This does not look like a dermoscopic picture of skin, so the network's answer would mean "
    "nothing. Take a close-up of one spot through a dermoscope, with the spot in the middle."
)
#: The sentences of these codes tell values.
VALUES = {"too_small": {"smallest_side": 100}}
#: Rows whose code an earlier release did not know get these.
OTHER_FAILURE = "Something went wrong on our side. You can try again."
OTHER_REJECTION = "The network cannot judge this picture. Take another one."


def to_codes(apps, schema_editor):
    """Give each row that has a known sentence its code.

    The sentences stay, also those that nobody knows, so that the earlier release runs on. A row
    without a code is told by its sentence.
    """
    rows = _rows(apps, schema_editor)
    failed = rows.filter(failure="", failure_reason__in=FAILURES)
    failed.update(failure=_choose("failure_reason", FAILURES))
    rejected = rows.filter(rejection_values__isnull=True)
    for code, values in VALUES.items():
        told = [sentence for sentence, other in REJECTIONS.items() if other == code]
        rejected.filter(rejection_reason__in=told).update(rejection_values=values)
    told = [sentence for sentence, code in REJECTIONS.items() if code not in VALUES]
    rejected.filter(rejection_reason__in=told).update(rejection_values={})
    alone = rejected.filter(rejection_reason=DERMOSCOPY_ALONE)
    alone.update(rejection_values={"dermoscopy_alone": True})


def to_sentences(apps, schema_editor):
    """Give each row that has only a code the latest sentence of the earlier release."""
    rows = _rows(apps, schema_editor)
    failed = rows.filter(failure_reason="").exclude(failure="")
    failed.update(failure_reason=_choose("failure", _latest(FAILURES), OTHER_FAILURE))
    rejected = rows.filter(rejection_reason="", rejection_values__isnull=False)
    rejected.filter(rejection_values__has_key="dermoscopy_alone").update(
        rejection_reason=DERMOSCOPY_ALONE
    )
    rejected.update(rejection_reason=_choose("rejection", _latest(REJECTIONS), OTHER_REJECTION))


def _rows(apps, schema_editor):
    return apps.get_model("classifier", "Submission").objects.using(schema_editor.connection.alias)


def _latest(codes):
    return {code: sentence for sentence, code in codes.items()}


def _choose(column, values, otherwise=""):
    cases = (When(Q((column, key)), then=Value(value)) for key, value in values.items())
    return Case(*cases, default=Value(otherwise))


class Migration(migrations.Migration):
    dependencies = [
        ("classifier", "0016_reason_codes"),
    ]

    operations = [
        migrations.RunPython(to_codes, to_sentences),
    ]
