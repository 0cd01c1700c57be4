"""A stand-in looks like a system that is not Linux; `make test-elsewhere` runs the tests on it."""

from __future__ import annotations

import os
import subprocess
import sys

from skinsite import guard, supervisor
from tests.site import ROOT

LOOK = """
import os, select
from pathlib import Path
import psutil
from ml.judging.parallel import cores, map_in_threads
print(hasattr(os, "sched_getaffinity"), hasattr(select, "epoll"))
for look in (Path("/proc/self/status").read_text, lambda: os.listdir("/proc")):
    try:
        look()
    except FileNotFoundError:
        print("no /proc")
print(psutil.Process().pid == os.getpid(), psutil.Process().memory_info().rss > 0)
print(cores() == os.cpu_count(), map_in_threads(abs, [-1, 2, -3]))
"""


def test_it_has_neither_proc_nor_cores_to_choose_from():
    elsewhere = os.environ | {"PYTHONPATH": str(ROOT / "tests" / "elsewhere")}
    command = [sys.executable, "-W", "error", "-c", LOOK]
    said = subprocess.check_output(command, cwd=ROOT, env=elsewhere, text=True)
    assert said.splitlines() == [
        "False False",
        "no /proc",
        "no /proc",
        "True True",
        "True [1, 2, 3]",
    ]


def test_macos_says_of_processes_that_have_just_ended_that_they_may_not_be_killed(monkeypatch):
    def refuse(group: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "killpg", refuse)
    guard = supervisor.Guard()
    ended = supervisor.Supervised("web", [sys.executable, "-c", ""], 3, guard)
    with ended.process:
        ended.process.wait()
        ended.kill_group()
        ended.reader.join()
    guard.end()


def test_macos_says_so_too_where_the_guard_asks_what_has_just_ended(monkeypatch):
    asked = []

    def refuse(group: int, number: int) -> None:
        asked.append(group)
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    monkeypatch.setattr(os, "killpg", lambda group, number: refuse(-group, number))
    guard.end({4_000_001, 4_000_002})
    assert {4_000_001, 4_000_002, -4_000_001, -4_000_002} <= set(asked)
