from django.db import migrations
from django.db.models import Value
from django.db.models.functions import Concat


def call_by_key(apps, schema_editor):
    """Call addresses and second factors in the admin's log as new entries call them."""
    entries = apps.get_model("admin", "LogEntry").objects
    for app, model, name in (
        ("account", "emailaddress", "email address"),
        ("mfa", "authenticator", "authenticator"),
    ):
        about = entries.filter(content_type__app_label=app, content_type__model=model)
        about.update(object_repr=Concat(Value(f"{name} "), "object_id"))


def end_all_sessions(apps, schema_editor):
    """Have everybody sign in once more.

    Sessions from before prove no second factor and are on no list of devices.
    """
    apps.get_model("sessions", "Session").objects.all().delete()
    apps.get_model("usersessions", "UserSession").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("classifier", "0014_review_comment_length"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("sessions", "0001_initial"),
        ("usersessions", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(call_by_key, migrations.RunPython.noop),
        migrations.RunPython(end_all_sessions, migrations.RunPython.noop),
    ]
