"""The web process must not load the network, and each part may import only some others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.site import ROOT
from tests.web_image import block_left_out, left_out

WEB = """
import sys
from io import BytesIO

import django
from django.core.management import call_command

django.setup()
call_command("migrate", verbosity=0)
call_command("collectstatic", verbosity=0, interactive=False)

from django.contrib import admin
from django.test import Client
from django.urls import get_resolver

from skinsite.wsgi import application

assert callable(application)
assert get_resolver().url_patterns
assert admin.site._registry
from tests.factories import SubmissionFactory, UserFactory, picture

owner = UserFactory(admin=True)
client = Client(headers={"host": "localhost"})
client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
upload = BytesIO(picture())
upload.name = "mole.jpg"
result = client.post("/upload/", {"images": upload})
assert result.status_code == 302, result.status_code
pages = ("/history/", "/about/", "/models/", "/readyz", "/admin/classifier/submission/")
for page in (result.url, *pages):
    assert client.get(page).status_code in (200, 503), page
loaded = {name.partition(".")[0] for name in sys.modules} & {"tensorflow", "keras"}
loaded |= {name for name in sys.modules if name == "ml" or name.startswith("ml.")}
print(sorted(loaded))
"""


def python(code: str, data: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.endswith("_URL")}
    given = {"DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "skinsite.settings"}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=inherited | given | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_web_process_loads_neither_network_nor_tensorflow(tmp_path):
    answer = python(WEB, tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()[-1] == "[]"


@pytest.fixture
def web_image(tmp_path) -> dict[str, str]:
    """Return the environment of a Python that has no more than the web image."""
    return {"PYTHONPATH": block_left_out(tmp_path)}


def test_the_web_process_starts_where_tensorflow_is_not_installed(tmp_path, web_image):
    code = "from skinsite.wsgi import application; from django.urls import get_resolver as urls; "
    answer = python(f"{code}assert urls().url_patterns", tmp_path / "data", **web_image)
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("name", ["tensorflow", "keras", "scipy", "h5py", "rich"])
def test_the_web_image_leaves_out(tmp_path, web_image, name):
    assert name in left_out()
    answer = python(f"import {name}", tmp_path / "data", **web_image)
    assert "is not in the image of the web process" in answer.stderr


def test_the_walls_of_the_house_hold(tmp_path):
    answer = subprocess.run(
        [f"{sys.prefix}/bin/lint-imports", "--cache-dir", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout
    assert "0 broken" in answer.stdout
