"""``make run`` runs the whole site as one command."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from tests.lesions import judged
from tests.serve.waiting import halt, wait_until
from tests.site import ROOT, TOKEN, Client, Site

PICTURES = 20
WORKER = "celery --quiet --app skinsite worker"


def select(site: Site, rows: str) -> list:
    """Return the values of the first column."""
    with site.database() as database:
        return [value for (value,) in database.execute(f"SELECT {rows}")]


def statuses(site: Site) -> list[str]:
    return select(site, "status FROM classifier_submission")


def send(number: signal.Signals, processes: list[int]) -> None:
    for pid in processes:
        os.kill(pid, number)


def test_a_newcomer_gets_an_answer_and_ctrl_c_ends_everything(tmp_path):
    with Site(tmp_path / "data with a space", make="run") as site:
        client = Client(site.address)
        client.sign_up("newcomer@example.org")
        answer = client.upload([("mole.jpg", judged())])
        assert re.search(r"/results/[0-9a-f-]{36}/$", answer.url)
        wait_until(lambda: statuses(site) == ["done"])
        page = client.get(answer.url.removeprefix(site.address)).text
        assert re.search("The network says: (benign|malignant|not sure)", page)
        assert client.get("/readyz").json() == {"status": "ok"}
        assert site.failing() == []
        mailed = re.compile(r"(?m)^mail +\| To: newcomer@example.org")
        wait_until(lambda: mailed.search(site.log.read_text()))
        assert len(site.processes()) >= 8  # make, command, gunicorn twice, workers, beat
        assert site.press_ctrl_c() < 10
        assert site.processes() == []
    log = site.log.read_text()
    assert "Traceback" not in log
    assert "newcomer" not in re.sub(r"(?s)Subject:.*?-{79}", "", log)


def test_each_web_process_tells_what_all_have_counted(tmp_path):
    with Site(tmp_path / "data", WEB_CONCURRENCY="2") as site:
        assert len(site.processes("gunicorn")) == 3
        for _ in range(20):
            requests.get(f"{site.address}/about/", timeout=5)
        counted = re.compile(r'seconds_count{method="GET",route="about/",status="200"} 20\.0')
        for _ in range(10):
            token = {"Authorization": f"Bearer {TOKEN}"}
            told = requests.get(f"{site.address}/metrics", headers=token, timeout=5).text
            assert counted.search(told)


def test_what_is_killed_comes_back_and_no_submission_is_lost(tmp_path):
    limits = {"ANALYSIS_TIME_LIMIT": "6", "SWEEP_EVERY": "1", "MESSAGE_LOST_AFTER": "4"}
    with Site(tmp_path / "data", **limits) as site:
        client = Client(site.address)
        client.sign_up("unlucky@example.org")
        doomed = site.processes(WORKER)
        halt(*doomed)
        client.upload([(f"{n}.jpg", judged(n)) for n in range(PICTURES)])
        # The worker is halted again and again, until it is caught between a claim and its result.
        while "running" not in statuses(site):
            assert "queued" in statuses(site)
            send(signal.SIGCONT, doomed)
            time.sleep(0.003)
            halt(*doomed)
        send(signal.SIGKILL, doomed)
        wait_until(lambda: statuses(site) == ["done"] * PICTURES)
        analysed = select(site, "submission_id FROM classifier_prediction")
        assert len(analysed) == len(set(analysed)) == PICTURES
        attempts = select(site, "attempts FROM classifier_submission")
        assert set(attempts) == {1, 2}
        assert not set(doomed) & set(site.processes(WORKER))

        (master, *_) = site.processes("gunicorn")
        os.kill(master, signal.SIGKILL)
        wait_until(lambda: master not in site.processes("gunicorn"))
        wait_until(lambda: answers(site))
        assert site.stop() < 10
        assert site.processes() == []


def answers(site: Site) -> bool:
    try:
        return requests.get(f"{site.address}/healthz", timeout=5).ok
    except requests.ConnectionError:
        return False


def test_a_terminal_that_is_closed_during_the_start_ends_everything(tmp_path):
    site = Site(tmp_path)
    process = subprocess.Popen(
        site.command,
        cwd=ROOT,
        env=site.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("web "):
            break
    process.stdout.close()
    # The site has been talking to nobody since the pipe was closed.
    wait_until(lambda: len(site.processes(WORKER)) == 5)
    process.send_signal(signal.SIGHUP)
    assert process.wait(30) == 0
    assert site.processes() == []


@pytest.mark.parametrize("host", ["::", "[::1]"])
def test_it_listens_on_an_ipv6_address(tmp_path, host):
    with Site(tmp_path / "data", make="run", host=host) as site:
        assert f"SkinSite is ready at http://[::1]:{site.port} " in site.log.read_text()
        assert requests.get(f"http://[::1]:{site.port}/healthz", timeout=5).ok
        assert requests.get(f"http://[::1]:{site.port}/about/", timeout=5).ok


def refusal(data_dir: Path, *options: str, **environment: str) -> str:
    answer = subprocess.run(
        [sys.executable, "manage.py", "serve", *options],
        cwd=ROOT,
        env=Site(data_dir, **environment).environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr
    return answer.stderr


def test_a_site_that_sends_mail_must_know_where_it_is_before_it_listens_to_everybody(tmp_path):
    message = refusal(tmp_path, "--host", "0.0.0.0", EMAIL_URL="smtp://127.0.0.1:1")
    assert "must know where people find it" in message
    assert "make run HOST=0.0.0.0 SITE_ADDRESS=http://skin.example.org" in message


def test_a_busy_port_is_named_in_one_sentence(tmp_path):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        message = refusal(tmp_path, "--port", str(port))
    assert f"Cannot listen on 127.0.0.1:{port}" in message
    assert "PORT=8001" in message


@pytest.mark.parametrize(
    ("option", "value"), [("--host", "999.1.1.1"), ("--host", "::g"), ("--port", "70000")]
)
def test_an_impossible_address_is_named_in_one_sentence(tmp_path, option, value):
    message = refusal(tmp_path, option, value)
    assert "Cannot listen on " in message
    assert value in message
