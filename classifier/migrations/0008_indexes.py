import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("classifier", "0007_alone"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="prediction",
            index=models.Index(
                django.db.models.functions.text.Left("heat_map", 2),
                name="prediction_heat_map_folder",
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(fields=["-created_at", "-id"], name="submission_newest"),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(fields=["status", "finished_at"], name="submission_finished"),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                condition=models.Q(("status", "queued")),
                fields=["queued_at"],
                name="submission_queue",
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                django.db.models.functions.text.Left("image", 2), name="submission_image_folder"
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                django.db.models.functions.text.Left("thumbnail", 2),
                name="submission_thumbnail_folder",
            ),
        ),
    ]
