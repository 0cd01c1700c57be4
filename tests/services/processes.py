"""A test can kill these servers and other processes of its own, and bring them back."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
import redis

from tests.serve.waiting import halt
from tests.site import ROOT, free_port


class Process:
    """This runs a command as a process group that ends with the test."""

    def __init__(self, command: list[str], log: Path, environment: dict[str, str]) -> None:
        with log.open("w") as stream:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | environment,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.kill()

    def children(self) -> list[int]:
        return [child.pid for child in psutil.Process(self.process.pid).children()]

    def kill(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Broker:
    """This is a Redis of one test's own, which can be taken away and brought back."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        command = [
            "redis-server",
            "--port",
            str(self.port),
            "--save",
            "",
            "--dir",
            str(self.folder),
        ]
        self.process = Process(command, self.folder / "redis.log", {})
        client = redis.Redis.from_url(self.url)
        deadline = time.monotonic() + 10
        while True:
            try:
                client.ping()
                return
            except redis.ConnectionError:
                assert time.monotonic() < deadline, (self.folder / "redis.log").read_text()
                time.sleep(0.05)

    def kill(self) -> None:
        self.process.kill()

    def halt(self) -> None:
        """Let it accept connections but answer nothing."""
        halt(self.process.process.pid)


class Postgres:
    """This is a PostgreSQL in ``folder``, which PostgreSQL's user must be able to enter."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"postgres://skinsite@127.0.0.1:{self.port}/postgres"
        self.binaries = max(Path("/usr/lib/postgresql").glob("*/bin"), key=_version)
        # PostgreSQL refuses to run as root.
        self.user = "postgres" if os.geteuid() == 0 else None
        folder.mkdir(exist_ok=True)
        if self.user:
            account = pwd.getpwnam(self.user)
            os.chown(folder, account.pw_uid, account.pw_gid)
        self._run(
            "initdb", "-D", "data", "-U", "skinsite", "--auth=trust", "--encoding=UTF8", "--no-sync"
        )
        self.start()

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder}"
        self._run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", options, "start")

    def stop(self) -> None:
        """Stop it without waiting for anybody, as a power cut would."""
        self._run("pg_ctl", "-D", "data", "-w", "-m", "immediate", "stop")

    def _run(self, name: str, *arguments: str) -> None:
        command = [str(self.binaries / name), *arguments]
        # The output goes to nobody, because the server would hold a pipe open.
        subprocess.run(
            command, cwd=self.folder, user=self.user, check=True, stdout=subprocess.DEVNULL
        )


def _version(binaries: Path) -> int:
    return int(binaries.parent.name)
