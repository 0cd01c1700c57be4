"""How gunicorn serves the site: one process with threads, or more by WEB_CONCURRENCY."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Any

worker_class = "skinsite.web_worker.Worker"
threads = 8
# An upload over a slow line takes longer than gunicorn's 30 seconds.
timeout = 120
graceful_timeout = 5
# Its socket would lie in the home directory, one for all sites of this user.
control_socket_disable = True
max_requests = 5000
max_requests_jitter = 500
# Longer than a proxy or a browser keeps an idle connection: who closes first meets no request.
keepalive = 75


def on_starting(server: object) -> None:
    """Make the folder where its processes keep what they count, so that each can tell of all."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="skinsite-counts-")


def child_exit(server: object, worker: Any) -> None:
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)


def on_exit(server: object) -> None:
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
