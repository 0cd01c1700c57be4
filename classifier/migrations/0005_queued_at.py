import django.utils.timezone
from django.db import migrations, models
from django.db.models import F


def from_last_message(apps, schema_editor):
    """The best that is known of rows that are there."""
    apps.get_model("classifier", "Submission").objects.update(queued_at=F("sent_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("classifier", "0004_explained_results"),
    ]

    operations = [
        migrations.AddField(
            model_name="submission",
            name="queued_at",
            field=models.DateTimeField(
                default=django.utils.timezone.now, verbose_name="in the queue since"
            ),
        ),
        migrations.RunPython(from_last_message, migrations.RunPython.noop),
    ]
