"""A laptop needs no settings, and production does not start half-configured."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.classifier.pictures import jpeg_header
from tests.site import ROOT

PRODUCTION = {
    "PRODUCTION": "true",
    "SECRET_KEY": "kB7-xQ2_mW9tZ4vN8pL3rJ6hF1cD5gS0aE-yU_iO7bK2nM4qT9w",
    "ALLOWED_HOSTS": "skinsite.example",
    "DATABASE_URL": "postgres://skinsite@localhost/skinsite",
    "REDIS_URL": "redis://localhost",
}


@pytest.fixture
def python(tmp_path: Path):
    """Return a function that runs code with the site's settings in an environment of its own.

    The environment holds nothing but what the function is given.
    """

    def process(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
        given = {"DATA_DIR": str(tmp_path / "data"), "DJANGO_SETTINGS_MODULE": "skinsite.settings"}
        return subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"]} | given | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return process


@pytest.fixture
def value(python):
    """Return a function that gives the settings of some names as a process sees them."""

    def read(*names: str, **environment: str) -> list[str]:
        shown = ", ".join(f"repr(settings.{name})" for name in names)
        code = f"from django.conf import settings; print({shown}, sep='\\n')"
        answer = python(code, **environment)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout.splitlines()

    return read


def test_a_laptop_needs_nothing(value, tmp_path):
    names = ("DEBUG", "ALLOWED_HOSTS", "CELERY_BROKER_URL", "DATABASES['default']['ENGINE']")
    debug, hosts, broker, engine = value(*names)
    assert debug == "False"
    assert hosts == "['localhost', '127.0.0.1', '[::1]']"
    assert broker == "'folder://localhost'"
    assert engine == "'django.db.backends.sqlite3'"


def test_the_secret_of_a_laptop_is_made_once_and_kept_to_its_user(value, tmp_path):
    first, second = value("SECRET_KEY"), value("SECRET_KEY")
    assert first == second
    assert len(first[0]) > 50
    assert (tmp_path / "data" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert value("SECRET_KEY", DATA_DIR=str(tmp_path / "elsewhere")) != first


MAIL = {"EMAIL_URL": "smtp://mail.example.org"}


def test_links_in_mails_lead_to_this_machine_unless_the_site_has_an_address(value):
    assert value("SITE_ADDRESS") == ["'http://localhost:8000'"]
    address = {"SITE_ADDRESS": "https://skin.example.org/"}
    told = value("SITE_ADDRESS", "ALLOWED_HOSTS", **MAIL, **address)
    assert told[0] == "'https://skin.example.org'"
    assert "'skin.example.org'" in told[1]
    assert value("SITE_ADDRESS", **PRODUCTION) == ["'https://skinsite.example'"]
    # The proxy is given the name alone, and it may be given here in the same way.
    told = value("SITE_ADDRESS", **PRODUCTION, SITE_ADDRESS="skinsite.example")
    assert told == ["'https://skinsite.example'"]


@pytest.mark.parametrize("hosts", ["*", "skin.example.org,*"])
@pytest.mark.parametrize("base", [PRODUCTION, MAIL], ids=["production", "mail"])
def test_a_site_that_sends_mail_answers_to_no_name_that_somebody_makes_up(python, base, hosts):
    environment = base | {"ALLOWED_HOSTS": hosts, "SITE_ADDRESS": "http://skin.example.org"}
    answer = python("import skinsite.settings", **environment)
    assert answer.returncode != 0
    assert "must name the hosts of a site that sends mail" in answer.stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"SITE_ADDRESS": "https://elsewhere.example"}, "ALLOWED_HOSTS must hold the name in"),
        ({"SITE_ADDRESS": "https://skinsite.example/path"}, "SITE_ADDRESS must be where"),
        ({"SITE_ADDRESS": "ftp://skinsite.example"}, "SITE_ADDRESS must be where"),
        ({"ALLOWED_HOSTS": ".example.org"}, "SITE_ADDRESS must be where"),
    ],
)
def test_an_address_that_mails_could_not_lead_to_is_refused(python, given, said):
    answer = python("import skinsite.settings", **PRODUCTION | given)
    assert answer.returncode != 0
    assert said in answer.stderr.splitlines()[-1]


def test_limits_come_from_the_environment(value):
    names = (
        "UPLOAD_MAX_FILES",
        "UPLOAD_MAX_BYTES",
        "UPLOAD_MAX_PIXELS",
        "UPLOAD_MAX_REQUEST_BYTES",
    )
    assert value(*names) == ["20", str(20 * 1024**2), "50000000", str(100 * 1024**2)]
    limits = {"UPLOAD_MAX_FILES": "3", "UPLOAD_MAX_MEGABYTES": "2", "UPLOAD_MAX_MEGAPIXELS": "9"}
    limits |= {"UPLOAD_MAX_REQUEST_MEGABYTES": "7"}
    assert value(*names, **limits) == ["3", str(2 * 1024**2), "9000000", str(7 * 1024**2)]


def test_a_request_must_hold_the_largest_picture(python):
    answer = python("import skinsite.settings", UPLOAD_MAX_MEGABYTES="100")
    assert answer.returncode != 0
    assert "UPLOAD_MAX_REQUEST_MEGABYTES must be more than" in answer.stderr.splitlines()[-1]


def test_how_pictures_are_analysed_comes_from_the_environment(value):
    names = ("CONFORMAL_COVERAGE", "TEST_TIME_AUGMENTATION", "CLINICAL_PICTURES")
    assert value(*names) == ["0.9", "False", "True"]
    chosen = {
        "CONFORMAL_COVERAGE": "0.95",
        "TEST_TIME_AUGMENTATION": "true",
        "CLINICAL_PICTURES": "false",
    }
    assert value(*names, **chosen) == ["0.95", "True", "False"]


@pytest.mark.parametrize("coverage", ["0", "1", "90"])
def test_a_coverage_that_is_no_share_is_refused(python, coverage):
    answer = python("from django.conf import settings; settings.DEBUG", CONFORMAL_COVERAGE=coverage)
    assert answer.returncode != 0
    assert "CONFORMAL_COVERAGE must be between 0 and 1" in answer.stderr


def test_a_pixel_limit_above_that_of_pillow_holds(python):
    code = f"""
import django, io
django.setup()
from classifier.uploads import InvalidImage, open_image
for header in ({jpeg_header(11_000, 10_000)!r}, {jpeg_header(13_000, 10_000)!r}):
    try:
        open_image(io.BytesIO(header))
    except InvalidImage as error:
        print(error)
"""
    answer = python(code, UPLOAD_MAX_MEGAPIXELS="120")
    below, above = answer.stdout.splitlines()
    assert "damaged" in below  # it was let through to its pixels, of which there are none
    assert "more than 120 megapixels" in above


def test_production_starts_when_it_is_configured(value):
    names = ("DATABASES['default']['ENGINE']", "CACHES['default']['BACKEND']", "CELERY_BROKER_URL")
    engine, cache, broker = value(*names, **PRODUCTION)
    assert "postgresql" in engine
    assert "redis" in cache
    assert broker == "'redis://localhost'"


@pytest.mark.parametrize("name", ["SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL"])
@pytest.mark.parametrize("how", ["missing", "empty"])
def test_production_refuses_to_start_without(python, name, how):
    environment = {key: text for key, text in PRODUCTION.items() if key != name}
    if how == "empty":
        environment[name] = ""
    answer = python("import skinsite.settings", **environment)
    assert answer.returncode != 0
    assert "ImproperlyConfigured" in answer.stderr
    assert name in answer.stderr.splitlines()[-1]


@pytest.mark.parametrize("key", ["secret", "x" * 60, "django-insecure", "0123456789" * 4])
def test_production_refuses_a_weak_secret(python, key):
    answer = python("import skinsite.settings", **PRODUCTION | {"SECRET_KEY": key})
    assert answer.returncode != 0
    assert "SECRET_KEY is too weak" in answer.stderr.splitlines()[-1]
    assert "token_urlsafe" in answer.stderr


def test_production_passes_the_checks_for_deployment(python):
    code = (
        "import sys; sys.argv[0] = 'manage.py'\n"
        "from django.core.management import execute_from_command_line\n"
        "execute_from_command_line(['manage.py', 'check', '--deploy', '--fail-level', 'DEBUG'])"
    )
    answer = python(code, **PRODUCTION)
    assert answer.returncode == 0, answer.stderr
    assert "no issues (0 silenced)" in answer.stdout


def test_production_speaks_tls_only_and_its_cookies_too(value):
    names = ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE")
    assert value(*names, **PRODUCTION) == ["True"] * 3
    assert value("ACCOUNT_EMAIL_VERIFICATION", **PRODUCTION) == ["'mandatory'"]
    hsts = value("SECURE_HSTS_SECONDS", **PRODUCTION)
    assert int(hsts[0]) >= 31_536_000


@pytest.mark.parametrize("production", [{}, PRODUCTION])
def test_debug_is_never_on(value, production):
    assert value("DEBUG", DEBUG="true", **production) == ["False"]


def test_a_message_is_hidden_for_longer_than_an_analysis_may_take(value):
    names = ("CELERY_BROKER_TRANSPORT_OPTIONS['visibility_timeout']", "CELERY_TASK_TIME_LIMIT")
    hidden, limit = value(*names, **PRODUCTION)
    assert float(hidden) > float(limit)


STORE = {"S3_BUCKET": "pictures", "S3_ACCESS_KEY": "key", "S3_SECRET_KEY": "secret"}


def test_pictures_lie_on_the_disk_unless_there_is_a_bucket(value):
    backend = "STORAGES['default']['BACKEND']"
    assert value(backend) == ["'django.core.files.storage.FileSystemStorage'"]
    assert value(backend, **STORE) == ["'storages.backends.s3.S3Storage'"]
    (acl,) = value("STORAGES['default']['OPTIONS']['default_acl']", **STORE)
    assert acl == "'private'"


def test_a_bucket_is_addressed_as_it_is_told(value):
    style = "STORAGES['default']['OPTIONS']['client_config'].s3"
    assert value(style, **STORE) == ["{'addressing_style': 'auto'}"]
    assert value(style, **STORE, S3_ADDRESSING_STYLE="path") == ["{'addressing_style': 'path'}"]


def test_a_store_that_fails_is_asked_twice_and_never_for_long(python):
    with socket.create_server(("127.0.0.1", 0)) as store:
        asked = []

        def hang_up() -> None:
            with contextlib.suppress(OSError):  # the test has ended
                while True:
                    connection, _ = store.accept()
                    asked.append(connection)
                    connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        code = """
import django
django.setup()
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from classifier.storage import STORAGE_ERRORS
config = default_storage.connection.meta.client.meta.config
print(config.connect_timeout, config.read_timeout)
try:
    default_storage.save("ab/picture.jpg", ContentFile(b"a picture"))
except STORAGE_ERRORS:
    print("given up")
"""
        port = store.getsockname()[1]
        answer = python(code, **STORE, S3_ENDPOINT=f"http://127.0.0.1:{port}")
    assert answer.stdout.splitlines() == ["3 10", "given up"], answer.stderr
    assert len(asked) == 2


@pytest.mark.parametrize("missing", ["S3_ACCESS_KEY", "S3_SECRET_KEY"])
def test_a_bucket_without_its_keys_is_refused(python, missing):
    code = "from django.conf import settings; settings.DEBUG"
    answer = python(code, **{name: key for name, key in STORE.items() if name != missing})
    assert answer.returncode != 0
    assert "S3_BUCKET also needs S3_ACCESS_KEY and S3_SECRET_KEY" in answer.stderr


def test_a_site_with_a_disk_and_without_reports_loads_neither_store_nor_reporter(python):
    code = (
        "import django, sys; django.setup(); import classifier.urls; "
        "print({'boto3', 'sentry_sdk'} & sys.modules.keys())"
    )
    assert python(code).stdout.strip() == "set()"
