"""Another system that is frozen: it takes connections and never says a word."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


class Silence:
    """A socket on which nobody ever answers."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"

    def visits(self) -> int:
        """How many connections have come since this was last asked."""
        self._listening.setblocking(False)
        count = 0
        while True:
            try:
                self._listening.accept()[0].close()
            except BlockingIOError:
                return count
            count += 1


@contextmanager
def silence() -> Iterator[Silence]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield Silence(listening)
