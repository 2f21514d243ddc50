"""How the web process takes connections and reads requests: evenly, and nobody takes all day."""

import selectors
import socket
import time
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar

from gunicorn.workers.gthread import TConn, ThreadWorker

COURTESY_SECONDS = 0.01
MANY_CONNECTIONS = 50
"""With so many open, a process waits half of the courtesy before it takes another."""


class Worker(ThreadWorker):
    """Threads that wait for a whole request no longer than `seconds`, and for none to begin.

    There are few of them, and gunicorn itself waits without end: a handful of clients that send
    a byte now and then would keep everybody else out. Reading alone is stopped; an answer that is
    being written, or made, is finished. And it waits for seconds, thread by thread, on connections
    that say nothing yet, which every browser opens in reserve.
    """

    seconds: ClassVar[float] = 20.0

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._arriving: dict[TConn, float] = {}

    def accept(self, listener: socket.socket) -> None:
        """Take a connection, the later the more are here: whoever has fewer comes first.

        A new connection wakes all processes, and nearly always the same one is there first; it
        would serve everybody, and the other processors stand idle.
        """
        time.sleep(COURTESY_SECONDS * self.nr_conns / (self.nr_conns + MANY_CONNECTIONS))
        super().accept(listener)

    def enqueue_req(self, conn: TConn) -> None:
        """Give a connection a thread once it has sent something."""
        if conn.initialized or conn.data_ready:
            super().enqueue_req(conn)
            return
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + self.cfg.keepalive
        self.pending_conns.append(conn)
        heard = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, heard)

    def handle(self, conn: TConn) -> Any:
        """Read and answer one request, in a thread of its own."""
        self._arriving[conn] = time.monotonic() + self.seconds
        try:
            return super().handle(conn)
        finally:
            self._arriving.pop(conn, None)

    def murder_pending(self) -> None:
        """Called once a second and oftener: stop reading from whoever is over their time."""
        super().murder_pending()
        now = time.monotonic()
        for conn, until in self._arriving.copy().items():
            if until < now:
                with suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RD)
