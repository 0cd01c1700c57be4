"""A worker's proof that it lives.

The thread that takes the messages writes it itself, and while the broker is away the same thread
writes it between two attempts to reach it: starting a worker again brings no broker back. Analyses
run in children, so that a long one delays nothing here.
"""

from __future__ import annotations

import logging
import os
import socket
from pathlib import Path
from typing import Any

from celery.worker import consumer
from celery.worker.state import maybe_shutdown

#: Seconds between two heartbeats.
EVERY = float(os.environ.get("HEARTBEAT_EVERY", "2"))

#: Workers would tell each other these through the broker, and this thread would wait without an end
#: while the broker hangs. Nobody listens.
TALK = ("heartbeat", "gossip", "mingle")

logger = logging.getLogger(__name__)


class Consumer(consumer.Consumer):
    """Celery's taker of messages, with a heartbeat."""

    def __init__(self, *arguments: Any, worker_options: dict[str, Any], **options: Any) -> None:
        silent = worker_options | {f"without_{talk}": True for talk in TALK}
        super().__init__(*arguments, worker_options=silent, **options)

    def ensure_connected(self, conn: Any) -> Any:
        def tell(error: Exception, seconds: float) -> None:
            logger.error("No broker at %s, again in %.0f s: %s", conn.as_uri(), seconds, error)

        def meanwhile() -> None:
            maybe_shutdown()
            beat()

        beat()
        conn.ensure_connection(tell, callback=meanwhile)
        self.first_connection_attempt = False
        return conn

    def register_with_event_loop(self, hub: Any) -> None:
        super().register_with_event_loop(hub)
        hub.timer.call_repeatedly(EVERY, beat)


def beat() -> None:
    """Show that this process lives, where and as the environment says that somebody looks."""
    try:
        if file := os.environ.get("HEARTBEAT_FILE"):
            Path(file).touch()
        if address := os.environ.get("NOTIFY_SOCKET"):
            _tell_systemd(address)
    except OSError as error:
        # The supervisor sees that there is none; the work goes on until then.
        logger.error("No heartbeat: %s", error)


def _tell_systemd(address: str) -> None:
    if address.startswith("@"):
        # So it writes the zero byte with which a name begins that is no file.
        address = f"\0{address[1:]}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifier:
        # The loop must not wait for somebody who does not read.
        notifier.setblocking(False)
        notifier.sendto(b"READY=1\nWATCHDOG=1", address)
