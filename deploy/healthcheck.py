"""Say by the exit status whether this container's process lives.

`web` is sent a request under a name that it answers to. `worker` must have written a heartbeat. A
worker that was asked through the broker would be taken for dead whenever the broker is away.
"""

from __future__ import annotations

import http.client
import os
import sys
import time
from pathlib import Path


def web() -> str:
    port = int(os.environ.get("PORT", "8000"))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    name = os.environ["ALLOWED_HOSTS"].partition(",")[0]
    connection.request("GET", "/healthz", headers={"Host": name})
    status = connection.getresponse().status
    return "" if status == 200 else f"It answers with {status}."


def worker() -> str:
    age = time.time() - Path(os.environ["HEARTBEAT_FILE"]).stat().st_mtime
    oldest = float(os.environ.get("HEARTBEAT_MAX_AGE", "60"))
    return "" if age <= oldest else f"Its heartbeat is {age:.0f} seconds old."


try:
    problem = {"web": web, "worker": worker}[sys.argv[1]]()
except OSError as error:
    problem = str(error)
sys.exit(problem or 0)
