"""``make dev`` runs the site for the people who work on it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.lesions import judged
from tests.serve.waiting import wait_until
from tests.site import ROOT, Client, Site


class Development(Site):
    ready = "Quit the server with CONTROL-C"

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir, make="dev", PYTHONUNBUFFERED="1")

    def loaded_tensorflow(self) -> list[int]:
        """Return the processes that have TensorFlow's libraries in their memory."""
        found = self.processes("runserver")
        return [pid for pid in found if "/tensorflow/" in Path(f"/proc/{pid}/maps").read_text()]


def test_the_site_in_one_process_that_shows_its_insides(tmp_path):
    with Development(tmp_path / "data") as site:
        wait_until(lambda: answers(site))
        assert len(site.processes("python")) == 2  # one serves, and one restarts it
        client = Client(site.address)
        client.sign_up("developer@example.org")
        assert "djDebugToolbar" in client.get("/history/").text
        unknown = client.get("/no-such-page/")
        assert unknown.status_code == 404
        assert "skinsite.development.urls" in unknown.text

        assert site.loaded_tensorflow() == []
        result = client.upload([("mole.jpg", judged())])
        assert "The network says" in result.text
        assert len(site.loaded_tensorflow()) == 1

        os.utime(ROOT / "skinsite" / "development" / "urls.py")
        wait_until(lambda: site.log.read_text().count(Development.ready) == 2)
        wait_until(lambda: answers(site))
        assert site.loaded_tensorflow() == []
        assert site.press_ctrl_c() < 10
        assert site.processes() == []


def answers(site: Site) -> bool:
    try:
        return requests.get(f"{site.address}/healthz", timeout=5).ok
    except requests.ConnectionError:
        return False


@pytest.mark.parametrize(
    ("given", "wanted"), [("", "run_in_this_process"), ("send_to_worker",) * 2]
)
def test_the_work_can_be_left_to_a_worker(tmp_path, given, wanted):
    prefix = "classifier.services.submissions.dispatch"
    environment = {"DISPATCHER": f"{prefix}.{given}"} if given else {}
    answer = settings(tmp_path, "print(settings.DISPATCHER)", **environment)
    assert answer.stdout.strip() == f"{prefix}.{wanted}"


def test_a_site_in_production_never_shows_its_insides(tmp_path):
    production = {
        "PRODUCTION": "true",
        "SECRET_KEY": "kB7-xQ2_mW9tZ4vN8pL3rJ6hF1cD5gS0aE-yU_iO7bK2nM4qT9w",
        "ALLOWED_HOSTS": "skinsite.example",
        "DATABASE_URL": "postgres://skinsite@localhost/skinsite",
        "REDIS_URL": "redis://localhost",
    }
    answer = settings(tmp_path, "print(settings.DEBUG)", **production)
    assert answer.stdout == ""
    assert "not in production" in answer.stderr.splitlines()[-1]


def settings(data: Path, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    module = {"DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "skinsite.development.settings"}
    return subprocess.run(
        [sys.executable, "-c", f"from django.conf import settings; {code}"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | module | environment,
        capture_output=True,
        text=True,
        check=False,
    )
