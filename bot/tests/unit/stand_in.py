"""A portal that answers with the examples of its own description, docs/openapi-assistant.json."""

import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

DESCRIPTION = json.loads(
    (Path(__file__).parents[3] / "docs" / "openapi-assistant.json").read_text(encoding="utf-8")
)
PREFIX = "/assistant/v1/conversations/{ref}/"
TOKEN = "t" * 20


@dataclass(frozen=True)
class Call:
    """What the assistant asked."""

    method: str
    path: str
    given: dict[str, Any]
    """Parameters of a GET, the body of a POST."""
    language: str


@dataclass
class Answer:
    status: int
    body: dict[str, Any] | None
    """None: nothing comes, until the assistant hangs up."""


@dataclass
class StandIn:
    """Says example answers; `answers("bills", "none")` chooses one, changes alter parts of it."""

    calls: list[Call] = field(default_factory=list)
    chosen: dict[str, Answer] = field(default_factory=dict)

    def answers(
        self, path: str, name: str | None = None, status: int = 200, **changes: Any
    ) -> dict[str, Any]:
        """From now on this example for this path (as in the description, without its prefix)."""
        body = example(path, status, name) | changes
        self.chosen[path] = Answer(status, body)
        return body

    def is_silent(self, path: str) -> None:
        """From now on no answer for this path."""
        self.chosen[path] = Answer(0, None)

    def breaks(self, path: str, status: int = 500) -> None:
        self.chosen[path] = Answer(status, {"trace": "Traceback"})

    def asked(self, path: str) -> list[Call]:
        """The calls of this path, oldest first."""
        return [call for call in self.calls if _pattern(path).fullmatch(call.path)]

    def respond(self, call: Call) -> Answer:
        self.calls.append(call)
        path = _described(call.path)
        if path in self.chosen:
            return self.chosen[path]
        return Answer(200, example(path)) if path else Answer(404, None)


def example(path: str, status: int = 200, name: str | None = None) -> dict[str, Any]:
    """An example of the description: the named one, else the first."""
    found: dict[str, Any] = {}
    for operation in DESCRIPTION["paths"][PREFIX + path].values():
        answer = operation.get("responses", {}).get(str(status)) or (
            operation.get("responses", {}).get("201", {}) if status == 200 else {}
        )
        found |= answer.get("content", {}).get("application/json", {}).get("examples", {})
    return dict(found[name or next(iter(found))]["value"])


def _described(path: str) -> str | None:
    names = [each.removeprefix(PREFIX) for each in DESCRIPTION["paths"]]
    return next((name for name in names if _pattern(name).fullmatch(path)), None)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)))


class _Handler(BaseHTTPRequestHandler):
    stand_in: StandIn
    stopped: threading.Event
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        self._answer("GET", {name: values[0] for name, values in query.items()})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer("POST", json.loads(body))

    def _answer(self, method: str, given: dict[str, Any]) -> None:
        assert self.headers["Authorization"] == f"Bearer {TOKEN}"
        path = urlsplit(self.path).path.split("/", 5)[5]
        answer = self.stand_in.respond(Call(method, path, given, self.headers["Accept-Language"]))
        if answer.body is None:
            self.stopped.wait()
            return
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        body = json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Tests are quiet."""


class Door:
    """The stand-in behind a real address."""

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self.handler = type("Handler", (_Handler,), {"stopped": self.stopped})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> "Door":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()

    def new(self) -> StandIn:
        """A stand-in that knows of no earlier call."""
        self.handler.stand_in = StandIn()
        return self.handler.stand_in
