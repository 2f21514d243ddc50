"""A guard that looks at files before anybody opens them: ClamAV's daemon, by its own protocol.

Without a guard (`DENGHUO_CLAMD` is not set) files are kept as they were made harmless. With one,
nothing is kept that it has not passed: a guard that does not answer is a closed door.
"""

import socket
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from runtime.errors import Refused, Unavailable
from runtime.logs import get_logger

CHUNK = 64 * 1024
LONGEST_ANSWER = 4096
log = get_logger(__name__)


class Guard(Protocol):
    """Who looks at a file."""

    def look(self, content: bytes) -> None:
        """Raises Refused("file.infected"); Unavailable("file.unchecked") without an answer."""


@dataclass(frozen=True)
class Clamd:
    """ClamAV at `unix:/run/clamav/clamd.ctl` or `tcp://host:3310`; it has `seconds` in all."""

    address: str
    seconds: float = 10.0

    def look(self, content: bytes) -> None:
        try:
            said = self._ask(content)
        except OSError as error:
            log.error("guard.silent", error=type(error).__name__)
            raise Unavailable("file.unchecked") from error
        if said.endswith(" FOUND"):
            log.warning("guard.found", signature=said.removeprefix("stream: "))
            raise Refused("file.infected")
        if said != "stream: OK":
            log.error("guard.unclear", said=said)
            raise Unavailable("file.unchecked")

    def _ask(self, content: bytes) -> str:
        """INSTREAM: pieces, each after its length (4 bytes, network order); one of none ends it."""
        with self._connected() as line:
            line.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), CHUNK):
                piece = content[start : start + CHUNK]
                line.sendall(len(piece).to_bytes(4) + piece)
            line.sendall((0).to_bytes(4))
            return _answer(line)

    def _connected(self) -> socket.socket:
        parts = urlsplit(self.address)
        if parts.scheme == "tcp":
            return socket.create_connection((parts.hostname, parts.port or 3310), self.seconds)
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(self.seconds)
        try:
            line.connect(parts.path)
        except OSError:
            line.close()
            raise
        return line


def guard(address: str) -> Guard | None:
    """The guard at an address of the settings; none when there is no address."""
    return Clamd(address) if address else None


def _answer(line: socket.socket) -> str:
    """What is said up to the closing zero."""
    said = b""
    while not said.endswith(b"\0") and len(said) < LONGEST_ANSWER:
        more = line.recv(LONGEST_ANSWER)
        if not more:
            break
        said += more
    return said.rstrip(b"\0\n").decode("utf-8", "replace")
