"""What every room's tests stand on: a migrated PostgreSQL, keys, and no way to the outside.

One server serves a test run: the one named by `DATABASE_URL`, else a private one in a
temporary folder. Each worker of pytest-xdist has a database of its own on it. A test that asks
for `database` or `session` finds every table empty and every sequence at its start.
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
from psycopg import sql
from pytest_socket import socket_allow_hosts
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from runtime import crypto, jobs, migrate
from runtime.crypto import KeyRing
from runtime.database import Database, libpq_url
from runtime.postgres import PrivateServer
from runtime.postgres_home import PostgresError

ROOT = Path(__file__).parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

# How long an example takes says nothing on a machine that others use too.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

_PREFIX = "denghuo-tests-"
LOOPBACK = ["127.0.0.1", "::1", "localhost"]

_EMPTY_EVERYTHING = text("""
DO $$
DECLARE
    item record;
    filled boolean;
    names text := '';
BEGIN
    FOR item IN
        SELECT format('%I.%I', n.nspname, c.relname) AS name
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND n.nspname IN ('public', 'core')
          AND c.relname <> 'alembic_version'
    LOOP
        EXECUTE 'SELECT EXISTS (SELECT FROM ' || item.name || ')' INTO filled;
        IF filled THEN names := names || ', ' || item.name; END IF;
    END LOOP;
    IF names <> '' THEN EXECUTE 'TRUNCATE ' || substr(names, 3) || ' CASCADE'; END IF;
    PERFORM setval(format('%I.%I', schemaname, sequencename)\\:\\:regclass, start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL AND schemaname IN ('public', 'core');
END $$
""")


class _Server:
    """The PostgreSQL of this run: named from outside, or private and removed at the end."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._private: PrivateServer | None = None
        self.url = os.environ.get("DATABASE_URL", "")

    def start(self) -> str:
        if not self.url:
            _sweep()
            self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
            self._private = PrivateServer(self._folder, durable=False)
            self.url = self._private.start().url
        return libpq_url(self.url)

    def stop(self) -> None:
        if self._private is not None and self._folder is not None:
            self._private.remove()
            shutil.rmtree(self._folder)


def _sweep() -> None:
    """Remove what runs that were killed an hour ago or earlier have left."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError, PostgresError):
            if folder.stat().st_mtime < time.time() - 3600:
                PrivateServer(folder).remove()
                shutil.rmtree(folder)


_server = pytest.StashKey[_Server]()


def pytest_configure(config: pytest.Config) -> None:
    """With several workers the server belongs to the process that started them."""
    is_worker = hasattr(config, "workerinput")
    if not is_worker and getattr(config.option, "numprocesses", None):
        config.stash[_server] = _Server()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:  # type: ignore[no-untyped-def]
    node.workerinput["database_server"] = node.config.stash[_server].start()


def pytest_unconfigure(config: pytest.Config) -> None:
    if server := config.stash.get(_server, None):
        server.stop()


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup() -> None:
    """Tests talk to this machine alone."""
    socket_allow_hosts(LOOPBACK, allow_unix_socket=True)


@pytest.fixture(scope="session")
def database_server(request: pytest.FixtureRequest) -> Iterator[str]:
    """libpq's URL of a server on which databases may be made."""
    given = getattr(request.config, "workerinput", {}).get("database_server")
    if given:
        yield given
        return
    server = _Server()
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def scratch_database(database_server: str) -> Iterator["_Scratch"]:
    """Makes empty databases: `scratch_database("name")` gives the URL of a new one."""
    scratch = _Scratch(database_server)
    yield scratch
    scratch.drop_all()


class _Scratch:
    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self._names: list[str] = []

    def __call__(self, name: str) -> str:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        unique = f"denghuo_test_{name}_{worker}_{os.getpid()}_{len(self._names)}"
        self._execute("CREATE DATABASE {}", unique)
        self._names.append(unique)
        url = make_url(self._server_url).set(database=unique)
        return url.render_as_string(hide_password=False)

    def drop_all(self) -> None:
        for name in self._names:
            self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _execute(self, statement: str, name: str) -> None:
        with psycopg.connect(self._server_url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def database_url(scratch_database: "_Scratch") -> str:
    """URL of this worker's migrated database; tables are emptied by `database`, not here."""
    url = scratch_database("room")
    for location in migrate.locations().values():
        migrate.upgrade(url, location)
    return url


@pytest.fixture(scope="session")
def _one_database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.dispose()


@pytest.fixture
def database(_one_database: Database, keys: KeyRing) -> Database:
    """The migrated database (schemas public and core), empty; jobs work on it too."""
    with _one_database.engine.begin() as connection:
        connection.execute(_EMPTY_EVERYTHING)
    jobs.use_database(_one_database)
    return _one_database


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session whose transaction is rolled back at the end; it may be flushed, not shared."""
    with Session(database.engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture(scope="session")
def keys() -> KeyRing:
    """The key ring in use for encrypted columns."""
    ring = KeyRing({"test": bytes(range(32))}, bytes(range(32, 64)))
    crypto.use_keys(ring)
    return ring


@pytest.fixture
def settings_env(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment without any setting of ours, `DENGHUO_VAR` in a temporary folder.

    Returns the monkeypatch to set variables with.
    """
    for name in list(os.environ):
        if name.startswith("DENGHUO_") or name == "DATABASE_URL":
            monkeypatch.delenv(name)
    monkeypatch.setenv("DENGHUO_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("DENGHUO_ENVIRONMENT", "test")
    return monkeypatch


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A real Chromium."""
    from tests.browsing import chromium

    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A sandbox in a process of its own."""
    from tests.sandbox.server import SandboxServer

    with SandboxServer(tmp_path_factory.mktemp("sandbox")) as server:
        yield server


@pytest.fixture
def sandbox(running_sandbox: Any) -> Any:
    """The sandbox, with nothing in it from the tests before."""
    running_sandbox.reset()
    return running_sandbox
