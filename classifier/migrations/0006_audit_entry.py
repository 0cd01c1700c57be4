from django.db import migrations, models

TABLE = "classifier_auditentry"
REFUSAL = "The audit log is append-only."
# A later migration that alters the table on SQLite makes it anew, and must bring these back.
TRIGGERS = {
    "sqlite": [
        f"CREATE TRIGGER {TABLE}_no_{event.lower()} BEFORE {event} ON {TABLE} "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        for event in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        f"CREATE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql "
        f"AS $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$",
        f"CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE ON {TABLE} "
        f"FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse()",
    ],
}


def refuse_changes(apps, schema_editor):
    for statement in TRIGGERS[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def drop_function(apps, schema_editor):
    """The triggers go with the table."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP FUNCTION {TABLE}_refuse() CASCADE")


class Migration(migrations.Migration):
    dependencies = [
        ("classifier", "0005_queued_at"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True, db_index=True)),
                (
                    "actor_key",
                    models.BigIntegerField(
                        help_text="Empty where the site did it by itself.",
                        null=True,
                        verbose_name="account",
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("saw", "Saw"),
                            ("changed", "Changed"),
                            ("exported", "Exported"),
                            ("deleted", "Deleted"),
                        ],
                        max_length=8,
                    ),
                ),
                ("subject_type", models.CharField(max_length=64, verbose_name="what")),
                ("subject_key", models.CharField(max_length=64, verbose_name="its key")),
                (
                    "request_id",
                    models.CharField(blank=True, help_text="As in the logs.", max_length=36),
                ),
            ],
            options={
                "verbose_name_plural": "audit entries",
                "ordering": ["-at", "-pk"],
                "indexes": [
                    models.Index(fields=["subject_type", "subject_key"], name="audit_subject"),
                    models.Index(fields=["actor_key", "-at"], name="audit_actor"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("action__in", ["saw", "changed", "exported", "deleted"])
                        ),
                        name="audit_action",
                    )
                ],
            },
        ),
        migrations.RunPython(refuse_changes, drop_function),
    ]
