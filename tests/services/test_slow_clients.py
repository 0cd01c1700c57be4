"""The web process that `deploy/` starts endures clients that take as long as they like."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil
import requests

from skinsite.arrival import PATIENCE
from tests.dripping import begin_all, drip
from tests.services.processes import Process
from tests.services.test_deploy import containerfile, runnable, wait_until_it_answers
from tests.site import ROOT, free_port, resident

#: There are so many clients of each kind.
CLIENTS = 50
LARGEST_MEMORY = 110_000_000


def test_two_hundred_slow_clients_make_nobody_wait_and_are_ended(database, queue, tmp_path):
    port, log = free_port(), tmp_path / "web.log"
    environment = {
        "DATABASE_URL": database,
        "DATA_DIR": str(tmp_path / "data"),
        "DJANGO_SETTINGS_MODULE": "skinsite.settings",
    }
    collect = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity=0"]
    subprocess.run(collect, cwd=ROOT, env=os.environ | environment, check=True)
    with Process(runnable(containerfile()["web"], port), log, environment) as web:
        wait_until_it_answers(port, "localhost", log)
        began = time.monotonic()
        slow = begin_all(port, CLIENTS)
        longest = 0.0
        while time.monotonic() - began < PATIENCE - 3:
            asked = time.monotonic()
            address = f"http://127.0.0.1:{port}/accounts/login/"
            assert requests.get(address, timeout=10).status_code == 200
            longest = max(longest, time.monotonic() - asked)
            assert len(drip(slow)) == len(slow)
            time.sleep(1)
        assert longest < 1
        assert max(resident(psutil.Process(pid)) for pid in web.children()) < LARGEST_MEMORY
        time.sleep(max(0.0, began + PATIENCE + 3 - time.monotonic()))
        for client in slow:
            client.settimeout(1)
            while client.recv(1000):
                pass
            client.close()
