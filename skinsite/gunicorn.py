"""gunicorn serves the site by one process with threads, or by as many as WEB_CONCURRENCY says."""

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
# The control socket would lie in the home directory, and all sites of this user would share it.
control_socket_disable = True
max_requests = 5000
max_requests_jitter = 500
# A proxy or a browser keeps an idle connection for less time than this, so that it is the one that
# closes it. If this side closed it first, a request could just be on its way.
keepalive = 75


def on_starting(server: object) -> None:
    """Make the folder where the processes keep their counts, so that each can tell those of all."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="skinsite-counts-")


def child_exit(server: object, worker: Any) -> None:
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)


def on_exit(server: object) -> None:
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
