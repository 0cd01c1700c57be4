"""Ask this container's own web process whether it lives, by a name that it answers to."""

from __future__ import annotations

import http.client
import os
import sys

connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=5)
connection.request(
    "GET", "/healthz", headers={"Host": os.environ["ALLOWED_HOSTS"].partition(",")[0]}
)
sys.exit(connection.getresponse().status != 200)
