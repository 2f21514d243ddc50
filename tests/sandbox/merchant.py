"""A merchant that hears callbacks on a loopback port and answers as told."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qsl


@dataclass
class Heard:
    """One callback."""

    path: str
    headers: Message
    body: bytes
    at: float = field(default_factory=time.time)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass
class Merchant:
    """`answers` are given in turn, then `answer` for ever: status and body."""

    answer: tuple[int, bytes] = (200, b"success")
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    port: int = 0
    before_answer: Callable[[], object] = lambda: None

    def __enter__(self) -> Self:
        self._arrived = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/notify"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait(self, count: int, seconds: float = 20) -> list[Heard]:
        """The callbacks heard so far, once there are `count`."""
        deadline = time.monotonic() + seconds
        with self._arrived:
            while len(self.heard) < count:
                left = deadline - time.monotonic()
                assert left > 0, f"heard {len(self.heard)} of {count} callbacks"
                self._arrived.wait(left)
            return list(self.heard)

    def _hear(self, heard: Heard) -> tuple[int, bytes]:
        with self._arrived:
            self.heard.append(heard)
            self._arrived.notify_all()
            return self.answers.pop(0) if self.answers else self.answer

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        merchant = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, text = merchant._hear(Heard(self.path, self.headers, body))
                merchant.before_answer()
                self._answer(status, text)

            def _answer(self, status: int, text: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                with suppress(ConnectionError):  # the caller may be gone
                    self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                return

        return Handler
