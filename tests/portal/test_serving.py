"""Clients that are slow on purpose do not keep the others out, and all processes serve."""

import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from denghuo.house import await_answer, free_ports
from tests.conftest import ROOT

CONFIGURATION = """
from gunicorn.workers import gthread
from portal.serving import Worker

gthread.DEFAULT_WORKER_DATA_TIMEOUT = 3600.0

bind = "127.0.0.1:{port}"
workers, threads = {workers}, 2
worker_class = type("Quick", (Worker,), {{"seconds": 1.0}})
accesslog = None
control_socket_disable = True
"""
APPLICATION = """
import os

def application(environ, start_response):
    body = environ["wsgi.input"].read() or str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


@contextmanager
def serving(folder: Path, workers: int) -> Iterator[tuple[str, int]]:
    """A server of ours with two threads in each process."""
    (port,) = free_ports(1)
    (folder / "configuration.py").write_text(CONFIGURATION.format(port=port, workers=workers))
    (folder / "slow_site.py").write_text(APPLICATION)
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", str(folder / "configuration.py")]
    command = [*gunicorn, "--pythonpath", f"{ROOT},{folder}", "slow_site"]
    with subprocess.Popen(command, cwd=folder) as server:
        try:
            await_answer(f"http://127.0.0.1:{port}")
            yield "127.0.0.1", port
        finally:
            server.terminate()


@pytest.fixture
def address(tmp_path: Path) -> Iterator[tuple[str, int]]:
    with serving(tmp_path, workers=1) as address:
        yield address


def test_every_process_takes_its_share_of_connections(tmp_path: Path) -> None:
    with serving(tmp_path, workers=2) as address, ExitStack() as kept:
        served = Counter(
            kept.enter_context(http_client(address)).get("/").content for _ in range(24)
        )
    assert len(served) == 2
    assert min(served.values()) >= 6


def http_client(address: tuple[str, int]) -> httpx.Client:
    """A browser with a connection of its own, kept open."""
    return httpx.Client(base_url="http://{}:{}".format(*address), timeout=30, trust_env=False)


@pytest.mark.parametrize(
    "beginning",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab",
    ],
    ids=["headers", "body"],
)
def test_requests_that_never_end_do_not_keep_others_out(
    address: tuple[str, int], beginning: bytes
) -> None:
    slow = [socket.create_connection(address) for _ in range(6)]
    for each in slow:
        each.sendall(beginning)
    host, port = address
    answer = httpx.post(f"http://{host}:{port}", content=b"whole", timeout=30, trust_env=False)
    assert answer.content == b"whole"
    for each in slow:
        each.close()


def test_connections_in_reserve_take_no_thread(address: tuple[str, int]) -> None:
    silent = [socket.create_connection(address) for _ in range(6)]
    host, port = address
    answer = httpx.post(f"http://{host}:{port}", content=b"whole", timeout=30, trust_env=False)
    assert answer.content == b"whole"
    silent[0].sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nlate")
    silent[0].settimeout(30)
    assert silent[0].recv(4096).startswith(b"HTTP/1.1 200")
    for each in silent:
        each.close()
