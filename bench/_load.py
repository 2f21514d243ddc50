"""Browsers that ask for pages: `python -m bench._load` with a Load as JSON on stdin.

A process of its own that does next to nothing for a request: a write, a read up to the length that
the answer announces, and a look at the status. Connections stay open, as a browser keeps them.
"""

import heapq
import json
import random
import selectors
import socket
import sys
from dataclasses import asdict, dataclass
from itertools import cycle
from subprocess import run
from time import perf_counter, process_time

from denghuo.house import ROOT

TIMEOUT = 30.0


@dataclass(frozen=True)
class Load:
    """So many clients for so many seconds, who ask for the pages in turns. After an answer each
    pauses, `pause` seconds on average and at random between none and twice that, before it asks
    again."""

    port: int
    paths: tuple[str, ...]
    cookie: str
    clients: int
    seconds: float
    pause: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """Seconds that each answer took, and the time in which all of them came."""

    latencies: list[float]
    seconds: float
    busy: float
    """Share of the time that this process itself took of a processor."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def quantile(self, share: float) -> float:
        """The time within which such a share of the answers came."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


class Client:
    """A keep-alive connection; between two answers at most one request is under way."""

    def __init__(self, load: Load) -> None:
        self.socket = socket.create_connection(("127.0.0.1", load.port), TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._asked_at = 0.0
        self._answer = bytearray()
        self._expected = 0

    def ask(self, request: bytes) -> None:
        self._asked_at = perf_counter()
        self.socket.sendall(request)

    def read(self) -> float | None:
        """Take what has come; the seconds it took once the answer is whole."""
        piece = self.socket.recv(262_144)
        if not piece:
            raise ConnectionError("The server closed a connection that was to stay open.")
        self._answer += piece
        if not self._expected:
            self._expected = self._length()
        if not self._expected or len(self._answer) < self._expected:
            return None
        took = perf_counter() - self._asked_at
        self._answer.clear()
        self._expected = 0
        return took

    def _length(self) -> int:
        """Bytes of the whole answer; 0 while its head is not there."""
        end = self._answer.find(b"\r\n\r\n")
        if end < 0:
            return 0
        head = bytes(self._answer[:end]).lower()
        if not head.startswith(b"http/1.1 200"):
            raise ConnectionError(f"The server answered {head[:60]!r}.")
        return end + 4 + int(head.partition(b"content-length:")[2].split(b"\r", 1)[0])


def apply(load: Load) -> Outcome:
    """Let the clients loose, in a process of their own."""
    done = run(
        [sys.executable, "-m", "bench._load"],
        input=json.dumps(asdict(load)),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return Outcome(**json.loads(done.stdout))


def _outcome(load: Load) -> Outcome:
    clients = [Client(load) for _ in range(load.clients)]
    used = process_time()
    started = perf_counter()
    latencies = _ask_in_turns(load, clients, started)
    seconds = perf_counter() - started
    for client in clients:
        client.socket.close()
    return Outcome(latencies, seconds, (process_time() - used) / seconds)


def _request(load: Load, path: str) -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{load.port}\r\n"
        f"Accept-Encoding: gzip\r\nAccept-Language: zh-CN\r\nCookie: {load.cookie}\r\n\r\n"
    ).encode()


def _ask_in_turns(load: Load, clients: list[Client], started: float) -> list[float]:
    """Every client asks, waits for its answer and pauses, until the time is over."""
    chance = random.Random(load.clients)  # noqa: S311 -- pauses, no secret
    requests = cycle([_request(load, path) for path in load.paths])
    selector = selectors.DefaultSelector()
    for client in clients:
        selector.register(client.socket, selectors.EVENT_READ, client)
    number = 0
    waiting = [
        (started + chance.uniform(0, 2 * load.pause), at, client)
        for at, client in enumerate(clients)
    ]
    heapq.heapify(waiting)
    under_way, latencies = 0, []
    while waiting or under_way:
        now = perf_counter()
        while waiting and waiting[0][0] <= now:
            heapq.heappop(waiting)[2].ask(next(requests))
            under_way += 1
        ready = selector.select(waiting[0][0] - now if waiting else TIMEOUT)
        if not ready and not waiting:
            raise TimeoutError(f"No answer came within {TIMEOUT:.0f} seconds.")
        for key, _event in ready:
            took = key.data.read()
            if took is None:
                continue
            latencies.append(took)
            under_way -= 1
            number += 1
            again = perf_counter() + chance.uniform(0, 2 * load.pause)
            if again < started + load.seconds:
                heapq.heappush(waiting, (again, load.clients + number, key.data))
    return latencies


if __name__ == "__main__":
    outcome = _outcome(Load(**json.load(sys.stdin)))
    print(json.dumps(asdict(outcome)))
