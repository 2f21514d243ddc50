"""Stands in for the assistant: a real server that speaks the channel's contract, or breaks it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "between portal and assistant"
Said = dict[str, Any]
Behaviour = Callable[["Turn"], None]


class Turn(BaseHTTPRequestHandler):
    """One question of the portal."""

    server: "Rasa"

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        self.asked: Said = json.loads(self.rfile.read(length))
        self.server.heard(self)
        try:
            self.server.behaviour(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def answer(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Nothing on the terminal."""


class Rasa(ThreadingHTTPServer):
    """Answers as it is told to, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Turn)
        self.questions: list[Said] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.behaviour: Behaviour = says("在的。")
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def heard(self, turn: Turn) -> None:
        self.questions.append(turn.asked)
        self.headers.append(dict(turn.headers.items()))
        self.paths.append(turn.path)


def says(*messages: str | Said, danger: bool = False) -> Behaviour:
    """Answers with these messages: texts, or whole messages."""
    told = [{"text": m} if isinstance(m, str) else m for m in messages]
    body = {"messages": told, "language": "zh", "danger": danger}
    return lambda turn: turn.answer(json.dumps(body).encode())


def body(text: bytes, status: int = 200) -> Behaviour:
    """Answers with these bytes."""
    return lambda turn: turn.answer(text, status)


def silent(turn: Turn) -> None:
    """Takes the question and says nothing until the test is over."""
    turn.server.released.wait(30)


def drops(turn: Turn) -> None:
    """An answer that comes a byte at a time, always soon enough for the next, and never whole."""
    turn.send_response(200)
    turn.send_header("Content-Type", "application/json")
    turn.end_headers()
    while not turn.server.released.wait(0.05):
        turn.wfile.write(b" ")
        turn.wfile.flush()


@contextmanager
def standing(port: int = 0) -> Iterator[Rasa]:
    """A server for a test, on a free port or on this one."""
    with Rasa(port) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()
            thread.join()
