"""This broker keeps Celery's messages as files in a folder, for a machine without Redis."""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.exceptions import ChannelError, OperationalError
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps, loads

#: One call waits for a message for this many seconds.
LONGEST_WAIT = 0.2
#: The name of a message ends like this while it is on its way into the folder or out of it.
ON_THE_WAY = (".part", ".taken")
#: It is on its way for fewer seconds than these, unless the process that moved it was killed.
LEFT_AFTER = 60.0


class Channel(filesystem.Channel):
    """kombu's filesystem channel, made safe for a worker that polls often.

    The original opens a message's file and then fills it, so that a reader can take it while it is
    empty; and it takes a message by moving it to the system's temporary folder, which copies when
    that is another disk. Here both steps are one rename within the folder. So is the change of an
    exchange's table, which the original opens, and so empties, before it locks it.
    """

    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:  # type: ignore[override]
        # A worker that takes the message looks for the mark here, as it does with Redis.
        if payload.get("redelivered"):
            payload["properties"]["delivery_info"]["redelivered"] = True
        # The name begins with the time, because messages are taken in the order of their names.
        path = Path(self.data_folder_out, f"{time.time_ns():020d}_{uuid.uuid4()}.{queue}.msg")
        unfinished = path.with_suffix(".part")
        try:
            unfinished.write_text(dumps(payload))
            unfinished.rename(path)
        except OSError as error:
            raise ChannelError(f"Cannot write to {self.data_folder_out}: {error}") from error

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        # This runs many times a second, and scandir costs a tenth of Path.glob.
        with os.scandir(self.data_folder_in) as entries:
            names = list(entries)
        for entry in names:
            if entry.name.endswith(ON_THE_WAY):
                _delete_if_left(Path(entry))
        for message in sorted(Path(e) for e in names if e.name.endswith(f".{queue}.msg")):
            taken = message.with_suffix(".taken")
            try:
                # It is opened before it is renamed: a message that has waited for long looks to
                # other workers like one that was left, and they may delete it.
                with message.open() as content:
                    message.rename(taken)
                    payload = loads(content.read())
            except FileNotFoundError:
                continue  # another worker was quicker
            taken.unlink(missing_ok=True)
            return payload
        raise Empty

    def get_table(self, exchange: str) -> list[Any]:
        """Return the queues that get what is sent to an exchange."""
        try:
            rows = loads(self._exchange_file(exchange).read_text())
        except FileNotFoundError:
            return []
        return [filesystem.exchange_queue_t(*row) for row in rows]

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        bound = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with self._table_of_mine():
            table = self.get_table(exchange)
            if bound not in table:
                self._write_table(exchange, [bound, *table])

    def _delete(self, queue: str, exchange: str, *args: Any, **kwargs: Any) -> None:
        self._purge(queue)
        with self._table_of_mine():
            table = self.get_table(exchange)
            left = [bound for bound in table if bound.queue != queue]
            if left != table:
                self._write_table(exchange, left)

    def _write_table(self, exchange: str, table: list[Any]) -> None:
        file = self._exchange_file(exchange)
        unfinished = file.with_suffix(".part")
        unfinished.write_text(dumps(table))
        unfinished.replace(file)

    @contextlib.contextmanager
    def _table_of_mine(self) -> Iterator[None]:
        """Let nobody else change a table meanwhile, in whatever process."""
        self.control_folder.mkdir(exist_ok=True)
        with Path(self.control_folder, "lock").open("ab") as file:
            filesystem.lock(file, filesystem.LOCK_EX)
            try:
                yield
            finally:
                filesystem.unlock(file)


def _delete_if_left(file: Path) -> None:
    """Delete what a killed process left; the sweep sends the submission's key again."""
    # The file may have gone on its way meanwhile.
    with contextlib.suppress(FileNotFoundError):
        if time.time() - file.stat().st_mtime > LEFT_AFTER:
            file.unlink()


class Transport(filesystem.Transport):
    """This is kombu's filesystem transport with `Channel` in place of its own channel."""

    Channel = Channel

    def establish_connection(self) -> Any:
        assert self.client is not None  # a connection makes its own transport
        # Nothing else checks that the folder is there before the first message is lost.
        folder = self.client.transport_options["data_folder_out"]
        if not os.access(folder, os.W_OK | os.X_OK):
            raise OperationalError(f"Cannot write to {folder}")
        return super().establish_connection()

    def drain_events(self, connection: Any, timeout: float | None = None) -> Any:  # type: ignore[override]
        # A worker hears that it shall stop only between two of these calls, and without this limit
        # each of them would last two seconds.
        longest = LONGEST_WAIT if timeout is None else min(timeout, LONGEST_WAIT)
        return super().drain_events(connection, timeout=longest)


TRANSPORT_ALIASES["folder"] = f"{__name__}:Transport"
