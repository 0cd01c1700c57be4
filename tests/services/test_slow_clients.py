"""The web process that `deploy/` starts endures clients that take as long as they like."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import psutil
import requests

from skinsite.arrival import PATIENCE
from tests.services.processes import Process
from tests.services.test_deploy import containerfile, runnable, wait_until_it_answers
from tests.site import FORM, ROOT, free_port, resident

#: There are so many clients of each kind.
CLIENTS = 50
DRIPPING = {
    "nothing": "",
    "a head": "GET /about/ HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    "a form": f"POST /accounts/login/ HTTP/1.1\r\n{FORM} 300\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\n\r\nlogin=",
    "an upload": f"POST /upload/ HTTP/1.1\r\n{FORM} 3000000\r\n"
    "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n",
}
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
        slow = []
        for first in DRIPPING.values():
            for _ in range(CLIENTS):
                client = socket.create_connection(("127.0.0.1", port))
                client.sendall(first.encode())
                slow.append(client)
        longest = 0.0
        while time.monotonic() - began < PATIENCE - 3:
            asked = time.monotonic()
            address = f"http://127.0.0.1:{port}/accounts/login/"
            assert requests.get(address, timeout=10).status_code == 200
            longest = max(longest, time.monotonic() - asked)
            _drip(slow)
            time.sleep(1)
        assert longest < 1
        assert max(resident(psutil.Process(pid)) for pid in web.children()) < LARGEST_MEMORY
        time.sleep(max(0.0, began + PATIENCE + 3 - time.monotonic()))
        for client in slow:
            client.settimeout(1)
            while client.recv(1000):
                pass
            client.close()


def _drip(clients: list[socket.socket]) -> None:
    for client in clients:
        # The silent clients too send something by and by, but no whole line.
        client.send(b"x")
