"""One way to call outside, one way to fail."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from threading import Thread

import httpx
import pytest

from runtime import metrics
from runtime.http import ATTEMPTS, Outbound, OutboundError, TooLarge


class _Other(BaseHTTPRequestHandler):
    """Another system, on a real socket, that answers as it is told."""

    answers: list[int]
    asked: list[tuple[str, str, str | None]]

    def _answer(self) -> None:
        self.asked.append((self.command, self.path, self.headers["X-Who"]))
        status = self.answers.pop(0) if self.answers else 200
        body = b'{"detail": "no such thing"}' if status >= 400 else b'{"ok": true}'
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815

    def log_message(self, *args: object) -> None:
        """Silent."""


@contextmanager
def _other(*answers: int) -> Iterator[tuple[str, list[tuple[str, str, str | None]]]]:
    handler = type("Handler", (_Other,), {"answers": list(answers), "asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1", handler.asked
        finally:
            server.shutdown()
            thread.join()


def test_a_call_carries_the_headers_and_gives_the_answer() -> None:
    with _other() as (url, asked), Outbound(url, headers={"X-Who": "me"}) as outbound:
        assert outbound.get("/bills", params={"page": 2}).json() == {"ok": True}
    assert asked == [("GET", "/v1/bills?page=2", "me")]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_an_idempotent_call_is_tried_again_while_that_may_help(status: int) -> None:
    with _other(status, status) as (url, asked), Outbound(url) as outbound:
        assert outbound.get("/bills").status_code == 200
    assert len(asked) == 3 == ATTEMPTS


@pytest.mark.parametrize(
    ("call", "tries"),
    [
        (lambda o: o.get("/"), 3),
        (lambda o: o.put("/", json={}), 3),
        (lambda o: o.delete("/"), 3),
        (lambda o: o.post("/", json={}, idempotent=True), 3),
        (lambda o: o.post("/", json={}), 1),
    ],
)
def test_tries_are_bounded(call: Callable[[Outbound], httpx.Response], tries: int) -> None:
    with (
        _other(503, 503, 503, 503) as (url, asked),
        Outbound(url) as outbound,
        pytest.raises(OutboundError) as caught,
    ):
        call(outbound)
    assert len(asked) == tries
    assert (caught.value.status, caught.value.passing) == (503, True)


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422, 500])
def test_a_refusal_is_not_asked_again(status: int) -> None:
    with (
        _other(status) as (url, asked),
        Outbound(url, name="core") as outbound,
        pytest.raises(OutboundError) as caught,
    ):
        outbound.get("/secret/13812345678")
    assert len(asked) == 1
    assert (caught.value.status, caught.value.passing) == (status, False)
    assert caught.value.body == '{"detail": "no such thing"}'
    assert str(caught.value) == f"core answered {status}"


@pytest.mark.parametrize(
    ("statuses", "refused"),
    [((400, 401, 404, 422, 499), True), ((None, 429, 500, 502, 503, 504), False)],
)
def test_only_a_no_that_stays_one_is_a_refusal(
    statuses: tuple[int | None, ...], refused: bool
) -> None:
    assert {OutboundError("core", each).refused for each in statuses} == {refused}


def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with Outbound(url) as outbound, pytest.raises(OutboundError) as caught:
            outbound.post("/x")
    assert str(caught.value) == "core did not answer"
    assert (caught.value.status, caught.value.body) == (None, "")
    assert isinstance(caught.value.__cause__, httpx.ConnectError)


def test_somebody_who_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with Outbound(url, timeout=0.05) as outbound, pytest.raises(OutboundError) as caught:
            outbound.post("/x")
    assert isinstance(caught.value.__cause__, httpx.ReadTimeout)


def test_calls_are_counted() -> None:
    with (
        _other(404) as (url, _),
        Outbound(url, name="counted") as outbound,
        pytest.raises(OutboundError),
    ):
        outbound.get("/")
    line = 'denghuo_outbound_seconds_count{method="GET",outcome="4xx",system="counted"} 1.0'
    assert line in metrics.exposition().decode()


def test_a_body_is_saved_as_it_comes_and_no_further_than_allowed() -> None:
    with _other() as (url, asked), Outbound(url, headers={"X-Who": "me"}) as outbound:
        file = BytesIO()
        headers = outbound.save("/file", file, most=12)
        assert (file.getvalue(), headers["Content-Length"]) == (b'{"ok": true}', "12")
        with pytest.raises(TooLarge):
            outbound.save("/file", BytesIO(), most=11)
    assert asked == [("GET", "/v1/file", "me")] * 2


@pytest.mark.parametrize("status", [204, 302, 404, 503])
def test_only_a_plain_answer_is_saved_and_it_is_asked_for_once(status: int) -> None:
    with _other(status, 200) as (url, asked), Outbound(url) as outbound:
        file = BytesIO()
        with pytest.raises(OutboundError) as refused:
            outbound.save("/file", file, most=100)
    assert (refused.value.status, file.getvalue(), len(asked)) == (status, b"", 1)


def test_a_packed_body_is_not_saved() -> None:
    def packed(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=_Nothing())

    other = Outbound("http://other", transport=httpx.MockTransport(packed))
    with other, pytest.raises(TooLarge):
        other.save("/file", BytesIO(), most=100)


class _Nothing(httpx.SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        return iter(())
