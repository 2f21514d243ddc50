"""A small HTTP server that speaks the core's interface (docs/core-api.md) from what it is told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "core-token"


@dataclass
class CoreDouble:
    """What the core knows; a test changes it while the server runs."""

    url: str = ""
    changes: list[bytes] = field(default_factory=list)
    answers: dict[tuple[str, str], tuple[int, Any]] = field(default_factory=dict)
    files: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    broken: int = 0
    """How many of the next requests are answered with 503."""

    def add(self, kind: str, data: dict[str, Any], *, at: str = "2026-11-03T01:02:03Z") -> int:
        """Append a change; returns its number."""
        seq = len(self.changes) + 1
        line = {"seq": seq, "kind": kind, "key": "-", "at": at, "data": data}
        self.changes.append(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode())
        return seq


@contextmanager
def core_double() -> Iterator[CoreDouble]:
    double = CoreDouble()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(double))
    double.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(double: CoreDouble) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve(None)

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            self._serve(json.loads(self.rfile.read(length)) if length else None)

        def _serve(self, body: Any) -> None:
            url = urlsplit(self.path)
            path = unquote(url.path)
            double.requests.append((self.command, path, dict(self.headers), body))
            if double.broken:
                double.broken -= 1
                self._answer(503, b"")
            elif self.headers["Authorization"] != f"Bearer {TOKEN}":
                self._json(401, {"error": {"code": "unauthorized", "message": "No."}})
            elif path == "/v1/changes":
                self._feed(parse_qs(url.query))
            elif path in double.files:
                self._answer(200, *double.files[path])
            else:
                unknown = (404, {"error": {"code": "not_found", "message": "No such thing."}})
                self._json(*double.answers.get((self.command, path), unknown))

        def _feed(self, query: dict[str, list[str]]) -> None:
            after, limit = int(query["after"][0]), int(query["limit"][0])
            page = double.changes[after : after + limit]
            headers = {"X-Next-After": after + len(page), "X-Latest": len(double.changes)}
            self._answer(200, b"".join(line + b"\n" for line in page), headers)

        def _json(self, status: int, value: Any) -> None:
            self._answer(status, json.dumps(value).encode())

        def _answer(self, status: int, body: bytes, headers: dict[str, Any] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, str(value))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return Handler
