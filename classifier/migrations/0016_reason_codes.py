from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("classifier", "0015_personal_names"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="submission",
            name="submission_failed_has_reason",
        ),
        migrations.RemoveConstraint(
            model_name="submission",
            name="submission_rejected_has_reason",
        ),
        migrations.AddField(
            model_name="submission",
            name="failure",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=32, verbose_name="why it failed"
            ),
        ),
        migrations.AddField(
            model_name="submission",
            name="rejection_values",
            field=models.JSONField(
                blank=True,
                help_text="What its sentence tells, by name; empty where an earlier release wrote "
                "one.",
                null=True,
                verbose_name="values of the rejection",
            ),
        ),
        migrations.AlterField(
            model_name="modelversion",
            name="diagnoses",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="Name and explanation of its answers, as earlier releases kept them.",
            ),
        ),
        migrations.AlterField(
            model_name="submission",
            name="failure_reason",
            field=models.TextField(blank=True, verbose_name="why it failed, in an earlier release"),
        ),
        migrations.AlterField(
            model_name="submission",
            name="rejection_reason",
            field=models.TextField(
                blank=True, verbose_name="why it was rejected, in an earlier release"
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "failed"), _negated=True),
                    models.Q(("failure", ""), _negated=True),
                    models.Q(("failure_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="submission_failed_has_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "rejected"), _negated=True),
                    models.Q(
                        models.Q(("rejection", ""), _negated=True),
                        models.Q(
                            ("rejection_values__isnull", False),
                            models.Q(("rejection_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="submission_rejected_has_reason",
            ),
        ),
    ]
