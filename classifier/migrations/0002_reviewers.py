from django.db import migrations

PERMISSIONS = ["review_submission", "view_submission", "view_prediction", "view_review"]


def create_reviewers(apps, schema_editor):
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="reviewers")
    content_types = apps.get_model("contenttypes", "ContentType").objects
    permissions = apps.get_model("auth", "Permission").objects
    # Django itself creates permissions only after all migrations have run.
    for codename in PERMISSIONS:
        content_type, _ = content_types.get_or_create(
            app_label="classifier", model=codename.partition("_")[2]
        )
        permission, _ = permissions.get_or_create(
            content_type=content_type,
            codename=codename,
            defaults={"name": f"Can {codename.replace('_', ' ')}"},
        )
        group.permissions.add(permission)


def delete_reviewers(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name="reviewers").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("classifier", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(create_reviewers, delete_reviewers)]
