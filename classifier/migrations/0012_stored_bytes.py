from django.db import migrations, models
from django.db.models import F


def a_byte_a_pixel(apps, schema_editor):
    """About what pictures take; to ask the storage for each would take hours."""
    submissions = apps.get_model("classifier", "Submission").objects
    submissions.update(stored_bytes=F("width") * F("height"))


class Migration(migrations.Migration):
    dependencies = [
        ("classifier", "0011_kinds_of_picture"),
    ]

    operations = [
        migrations.AddField(
            model_name="submission",
            name="stored_bytes",
            field=models.PositiveIntegerField(
                db_default=0,
                default=0,
                editable=False,
                help_text="Of the picture and its thumbnail.",
                verbose_name="bytes of its files",
            ),
        ),
        migrations.AlterField(
            model_name="submission",
            name="pixels_per_mm",
            field=models.FloatField(
                blank=True,
                help_text="Scale of the picture as it is kept, where the person who sent it in "
                "knew it.",
                null=True,
                verbose_name="pixels per millimetre",
            ),
        ),
        migrations.RunPython(a_byte_a_pixel, migrations.RunPython.noop),
    ]
