"""``manage.py serve``, which is ``make run``: the whole site as one command."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from tests.lesions import picture
from tests.site import ROOT, Client, Site


def wait_for_status(site: Site, status: str, seconds: float = 60) -> int:
    """Wait until the only submission has ``status``; return its number of predictions."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with sqlite3.connect(site.data_dir / "db.sqlite3") as database:
            found = database.execute("SELECT status FROM classifier_submission").fetchall()
            if found == [(status,)]:
                return database.execute("SELECT count(*) FROM classifier_prediction").fetchone()[0]
        time.sleep(0.1)
    raise AssertionError(f"Expected {status}. Received: {found}\n{site.log.read_text()}")


def test_a_newcomer_gets_an_answer_and_sigterm_ends_everything(tmp_path):
    with Site(tmp_path / "data with a space") as site:
        client = Client(site.address)
        client.sign_up("newcomer@example.org")
        answer = client.upload([("mole.jpg", picture())])
        assert re.search(r"/results/[0-9a-f-]{36}/$", answer.url)
        assert wait_for_status(site, "done") == 1
        assert re.search(
            "The network says: (benign|malignant)", client.get(answer.url[len(site.address) :]).text
        )
        assert client.get("/readyz").json()["status"] == "ok"
        assert len(site.processes()) >= 5  # command, gunicorn twice, worker twice, beat
        assert site.stop() < 10
        assert site.processes() == []
    assert "newcomer" not in re.sub(r"(?s)Subject:.*?-{79}", "", site.log.read_text())


def test_a_killed_worker_is_replaced_and_its_submission_is_finished(tmp_path):
    limits = {"ANALYSIS_TIME_LIMIT": "4", "SWEEP_EVERY": "1"}
    with Site(tmp_path / "data", **limits) as site:
        client = Client(site.address)
        client.sign_up("unlucky@example.org")
        # Halted, the worker is sure to die between claiming the row and finishing it.
        doomed = site.processes("celery --quiet --app skinsite worker")
        assert doomed
        for pid in doomed:
            os.kill(pid, signal.SIGSTOP)
        with sqlite3.connect(site.data_dir / "db.sqlite3") as database:
            database.execute("PRAGMA busy_timeout = 20000")
            client.upload([("mole.jpg", picture())])
            database.execute(
                "UPDATE classifier_submission SET status = 'running', attempts = attempts + 1, "
                "started_at = datetime('now') WHERE status = 'queued'"
            )
        assert wait_for_status(site, "running") == 0
        for pid in doomed:
            os.kill(pid, signal.SIGKILL)
        assert wait_for_status(site, "done") == 1
        assert site.stop(signal.SIGINT) < 10
        assert site.processes() == []


def refusal(tmp_path: Path, *options: str) -> str:
    """Return what ``serve`` says when it cannot start with ``options``."""
    answer = subprocess.run(
        [sys.executable, "manage.py", "serve", *options],
        cwd=ROOT,
        env=os.environ | {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "skinsite.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr
    return answer.stderr


def test_a_busy_port_is_named_in_one_sentence(tmp_path):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        said = refusal(tmp_path, "--port", str(port))
    assert f"Cannot listen on 127.0.0.1:{port}" in said
    assert "PORT=8001" in said


def test_an_impossible_host_is_named_in_one_sentence(tmp_path):
    assert "Cannot listen on 999.1.1.1:8000" in refusal(tmp_path, "--host", "999.1.1.1")
