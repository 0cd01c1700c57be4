from django.db import migrations, models
from django.db.models import Q


def of_earlier_attempts(apps, schema_editor):
    """Whatever was tried more than once had a surprise or lost its worker."""
    rows = apps.get_model("classifier", "Submission").objects
    rows.filter(Q(attempts__gte=2) | Q(attempts=1, status="queued")).update(alone=True)


class Migration(migrations.Migration):
    dependencies = [
        ("classifier", "0006_audit_entry"),
    ]

    operations = [
        migrations.AddField(
            model_name="submission",
            name="alone",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Since an attempt at it ended in a surprise or took its worker down.",
                verbose_name="analysed by itself",
            ),
        ),
        migrations.RunPython(of_earlier_attempts, migrations.RunPython.noop),
    ]
