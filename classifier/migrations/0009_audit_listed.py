from django.db import migrations, models


class Migration(migrations.Migration):
    # A field that may be empty is added without making the table anew, which on SQLite would take
    # the triggers along that keep the log as it is.
    dependencies = [
        ("classifier", "0008_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="auditentry",
            name="listed",
            field=models.JSONField(
                blank=True,
                help_text="Of what was seen together; empty where it was one thing.",
                null=True,
                verbose_name="keys of a list",
            ),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="subject_key",
            field=models.CharField(blank=True, max_length=64, verbose_name="its key"),
        ),
    ]
