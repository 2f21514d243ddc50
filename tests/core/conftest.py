"""The core over HTTP: a real server on a free port, on the database of the tests."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from core.app import create_app
from core.settings import CoreSettings
from runtime.crypto import KeyRing
from runtime.database import Database

TOKEN = "a-token-for-tests-of-the-core"


@pytest.fixture(scope="session")
def core_settings() -> CoreSettings:
    """Settings as shipped, with a token; the key ring in use is the one of `keys`."""
    return CoreSettings(
        core_token=TOKEN,
        encryption_keys="test:" + "A" * 43 + "=",
        blind_index_key="A" * 43 + "=",
        environment="test",
    )


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The address of an application that is served by a thread of this process."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def core_url(database_url: str, core_settings: CoreSettings, keys: KeyRing) -> Iterator[str]:
    """Where the core answers; it serves all tests of a run."""
    database = Database(database_url)
    with serving(create_app(core_settings, database)) as url:
        yield url
    database.dispose()


@pytest.fixture
def client(core_url: str, database: Database) -> Iterator[httpx.Client]:
    """A client that holds the token, on an empty database."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=core_url, headers=headers, timeout=30) as client:
        yield client
