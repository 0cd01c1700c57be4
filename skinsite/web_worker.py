"""This is gunicorn's worker with threads, none of which waits for a slow client.

gunicorn's own worker gives a connection to a thread before anything has come over it. It closes a
connection in the loop that serves all others, and waits for the client there. Eight slow clients
would hold the site. Here the loop itself gathers requests, and a thread gets a request once all of
it is here. A request that is too large to be kept in memory goes to threads of its own, unfinished,
because the site decides whether to read it at all.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

from skinsite.arrival import LARGEST_HEAD, TOO_LARGE, TOO_SLOW, Arrival, PacedSocket, refuse

#: So many threads serve requests that are too large to be kept until all of them is here.
LARGE_THREADS = 8
#: So many bytes are kept of one request, and of all requests together. While there are more of all
#: together, only as many as a form may have are kept of each.
LARGEST_KEPT, KEPT_IN_ALL, LARGEST_FORM = 1024 * 1024, 16 * 1024 * 1024, 64 * 1024
#: A client has so many seconds to close a connection that we have ended. A worker that stops gives
#: up what has not arrived so many seconds before its grace is over.
FAREWELL = 2.0
PIECE = 64 * 1024


class Worker(ThreadWorker):
    """This worker serves requests that are here."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.arriving: dict[TConn, Arrival] = {}
        self.leaving: dict[TConn, float] = {}
        # Nothing more is read of these until a thread is free. They keep their order.
        self.paused: dict[TConn, None] = {}
        # These are here, and wait until a thread takes them.
        self.waiting: dict[TConn, Arrival] = {}
        # Threads read the rest of these.
        self.reading: dict[TConn, Arrival] = {}
        self.next_look = 0.0
        self.last_look: float | None = None

    def init_process(self) -> None:
        """Start what must not be shared with the process that this one was forked from."""
        self.large = ThreadPoolExecutor(LARGE_THREADS)
        super().init_process()

    def enqueue_req(self, conn: TConn) -> None:
        """Wait for a request; gunicorn calls this for each that may come over ``conn``."""
        arrival = self.arriving[conn] = Arrival()
        conn.sock.setblocking(False)
        self.poller.register(conn.sock, EVENT_READ, partial(self._receive, conn))
        # A client need not wait for one answer before it asks for the next, so that a part of its
        # next request may be here already.
        if conn.parser and (ahead := conn.parser.unreader.take_buffered()):
            arrival.add(ahead)
            self._go_on(conn, arrival)

    def _receive(self, conn: TConn, sock: socket.socket) -> None:
        try:
            data = sock.recv(PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        arrival = self.arriving[conn]
        if data:
            arrival.add(data)
            self._go_on(conn, arrival)
        else:
            self._forget(conn)
            self._close(conn)

    def _go_on(self, conn: TConn, arrival: Arrival) -> None:
        if not arrival.head_is_here:
            if len(arrival.content) > LARGEST_HEAD:
                self._turn_away(conn, TOO_LARGE)
        elif arrival.is_complete:
            self._hand_over(conn, self.tpool, self.finish_request)
        elif arrival.missing is None or len(arrival.content) > self._kept_of_each():
            self.poller.unregister(conn.sock)
            self.paused[conn] = None
            self._read_paused()

    def _kept_of_each(self) -> int:
        # A thread may take one of those that wait meanwhile, so that this counts a copy.
        held = [*self.arriving.values(), *self.waiting.copy().values()]
        kept = sum(len(arrival.content) for arrival in held)
        return LARGEST_KEPT if kept < KEPT_IN_ALL else LARGEST_FORM

    def _read_paused(self) -> None:
        while self.paused and len(self.reading) < LARGE_THREADS:
            conn = next(iter(self.paused))
            self.reading[conn] = self.arriving[conn]
            self._hand_over(conn, self.large, self._finish_large)

    def _finish_large(self, conn: TConn, future: Future[bool]) -> None:
        del self.reading[conn]
        self.finish_request(conn, future)
        self._read_paused()

    def _hand_over(
        self, conn: TConn, pool: ThreadPoolExecutor, finish: Callable[[TConn, Future[bool]], None]
    ) -> None:
        arrival = self.waiting[conn] = self._forget(conn)
        conn.init()
        conn.data_ready = True
        conn.parser.unreader.sock = PacedSocket(conn.sock, arrival)
        future = pool.submit(self.handle, conn)
        future.add_done_callback(partial(self.method_queue.defer, finish, conn))

    def handle(self, conn: TConn) -> bool:
        """Serve a request in a thread, which takes what has been kept of it."""
        arrival = self.waiting.pop(conn)
        conn.parser.unreader.unread(bytes(arrival.content))
        arrival.content.clear()
        return bool(super().handle(conn))

    def handle_request(self, req: Any, conn: TConn) -> bool:
        """Serve a request, and say that its connection ends where not all of it was here.

        The site may answer such a request without reading the rest, which nobody waits for.
        """
        if not conn.parser.unreader.sock.arrival.is_complete:
            req.force_close()
        return bool(super().handle_request(req, conn))

    def finish_request(self, conn: TConn, fs: Future[bool]) -> None:
        """Keep or end the connection of a request that has been answered."""
        if fs.cancelled() or fs.exception() or not fs.result():
            self._see_off(conn)
        else:
            super().finish_request(conn, fs)

    def _see_off(self, conn: TConn) -> None:
        """Close when the client has closed; before, the system would drop the answer's end."""
        with contextlib.suppress(OSError):
            conn.sock.shutdown(socket.SHUT_WR)
        if conn.sock.fileno() < 0:
            self._close(conn)
            return
        conn.sock.setblocking(False)
        self.leaving[conn] = time.monotonic() + FAREWELL
        self.poller.register(conn.sock, EVENT_READ, partial(self._drop, conn))

    def _drop(self, conn: TConn, sock: socket.socket) -> None:
        try:
            if sock.recv(PIECE):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._end_farewell(conn)

    def _end_farewell(self, conn: TConn) -> None:
        del self.leaving[conn]
        self.poller.unregister(conn.sock)
        self._close(conn)

    def murder_pending(self) -> None:
        """Give up what does not arrive in time; gunicorn's loop calls this again and again."""
        now = time.monotonic()
        if now < self.next_look:
            return
        self.next_look = now + 0.5
        if not self.alive:
            self._hurry(now)
        for conn, arrival in list(self.arriving.items()):
            # Connections over which nothing comes must not hold up a worker that stops.
            idle = not self.alive and not arrival.received and arrival.age > STOP_KEEPALIVE_LINGER
            if idle or arrival.seconds_left <= 0:
                self._turn_away(conn, TOO_SLOW if arrival.received else None)
        for conn, deadline in list(self.leaving.items()):
            if now > deadline:
                self._end_farewell(conn)

    def _hurry(self, now: float) -> None:
        """Give up what has not arrived when the grace of a worker that stops is nearly over."""
        if self.last_look is None:
            self.last_look = now + self.cfg.graceful_timeout - FAREWELL
        if now >= self.last_look:
            for arrival in (*self.arriving.values(), *self.reading.values()):
                arrival.end()
            for conn in self.reading:
                conn.parser.unreader.sock.wake()

    def _turn_away(self, conn: TConn, answer: tuple[str, str] | None) -> None:
        received = self._forget(conn).received
        if answer:
            self.log.info("%s, after %d bytes of a request", answer[0], received)
            refuse(conn.sock, answer)
        self._see_off(conn)

    def _forget(self, conn: TConn) -> Arrival:
        if conn in self.paused:
            del self.paused[conn]
        else:
            self.poller.unregister(conn.sock)
        return self.arriving.pop(conn)

    def _close(self, conn: TConn) -> None:
        self.nr_conns -= 1
        conn.close()
