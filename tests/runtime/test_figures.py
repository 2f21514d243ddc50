"""The private address of a process: it lives, and here are its figures."""

from collections.abc import Iterator

import httpx
import pytest

from runtime import figures, metrics


@pytest.fixture
def address() -> Iterator[str]:
    server = figures.serve("127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_it_says_that_it_lives(address: str) -> None:
    answer = httpx.get(f"{address}/healthz", trust_env=False)
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_it_shows_its_figures(address: str) -> None:
    metrics.counter("denghuo_seen", "Things seen by a test").inc()
    answer = httpx.get(f"{address}/metrics", trust_env=False)
    assert answer.headers["Content-Type"] == metrics.CONTENT_TYPE
    assert "denghuo_seen_total 1.0" in answer.text


def test_it_says_nothing_else(address: str) -> None:
    assert httpx.get(f"{address}/secrets", trust_env=False).status_code == 404
