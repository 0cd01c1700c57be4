"""A worker proves by a heartbeat that it lives.

The thread that takes the messages writes the heartbeat itself. While the broker is away the same
thread writes it between two attempts to reach the broker, because no broker comes back when a
worker is started again. Analyses run in children, so that a long one delays nothing here.
"""

from __future__ import annotations

import logging
import os
import socket
from pathlib import Path
from typing import Any

from celery.worker import consumer
from celery.worker.state import maybe_shutdown

#: A heartbeat follows the last one after this many seconds.
EVERY = float(os.environ.get("HEARTBEAT_EVERY", "2"))

#: Workers would tell each other these through the broker, although nobody listens. While the broker
#: hangs, this thread would wait for it without an end.
TALK = ("heartbeat", "gossip", "mingle")

logger = logging.getLogger(__name__)


class Consumer(consumer.Consumer):
    """This is the part of Celery that takes messages, with a heartbeat."""

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
    """Show that this process lives, by the file and to the socket that the environment names."""
    try:
        if file := os.environ.get("HEARTBEAT_FILE"):
            Path(file).touch()
        if address := os.environ.get("NOTIFY_SOCKET"):
            _tell_systemd(address)
    except OSError as error:
        # The supervisor will see that there is no heartbeat, and the work goes on until then.
        logger.error("No heartbeat: %s", error)


def _tell_systemd(address: str) -> None:
    if address.startswith("@"):
        # A name that is no file begins with a zero byte, and systemd writes @ in its place.
        address = f"\0{address[1:]}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifier:
        # The loop must not wait for somebody who does not read.
        notifier.setblocking(False)
        notifier.sendto(b"READY=1\nWATCHDOG=1", address)
