# ruff: noqa: S608 - statements are made of the names in a Load
"""What the two sync benches share: the same rows through the sync and through a bare COPY + upsert.

The floor gets its rows ready in PostgreSQL's own binary form, in batches of the same size, each
copied into a temporary table, upserted and committed. Both work on the same tables of one private
server with its production settings, turn by turn, and the median of each counts.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import psycopg

from runtime import crypto, logs, migrate
from runtime.crypto import KeyRing
from runtime.database import Database, libpq_url
from runtime.postgres import PrivateServer
from service.sync import run
from service.sync.sources import Batch

BATCH = 5000
TURNS = 7


@dataclass(frozen=True)
class Load:
    """What a bench loads: lines of the feed, and the table and columns that they end in."""

    name: str
    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    lines: Sequence[bytes]


class Memory:
    """A source whose batches are in memory, as bytes of the feed."""

    name = "feed"

    def __init__(self, batches: Sequence[bytes]) -> None:
        self._batches = batches

    def fetch(self, position: str) -> Batch:
        place = int(position or 0)
        return Batch(self._batches[place], str(place + 1), len(self._batches) - place - 1)

    def close(self) -> None:
        """Nothing is open."""


def main(load: Load) -> None:
    """Measure, and print the result as one JSON line."""
    logs.configure("ERROR", process="bench")
    crypto.use_keys(KeyRing({"bench": bytes(range(32))}, bytes(range(32, 64))))
    with tempfile.TemporaryDirectory(prefix="denghuo-bench-") as folder:
        server = PrivateServer(Path(folder))
        try:
            url = server.start().url
            migrate.upgrade(url)
            print(json.dumps(_measured(load, url)), flush=True)
        finally:
            server.remove()


def _measured(load: Load, url: str) -> dict[str, object]:
    database = Database(url)
    lines = load.lines
    source = Memory([b"".join(lines[at : at + BATCH]) for at in range(0, len(lines), BATCH)])
    with psycopg.connect(libpq_url(url)) as connection:
        _by_sync(load, database, source, connection)
        chunks = _prepared(load, connection)
        ours, floors = [], []
        for _ in range(TURNS):
            floors.append(_by_copy(load, chunks, connection))
            ours.append(_by_sync(load, database, source, connection))
    database.dispose()
    value, floor = len(lines) / median(ours), len(lines) / median(floors)
    return {
        "name": load.name,
        "value": round(value),
        "floor": round(floor),
        "ratio": round(median(bare / own for bare, own in zip(floors, ours, strict=True)), 3),
        "unit": "rows/s",
    }


def _by_sync(
    load: Load, database: Database, source: Memory, connection: psycopg.Connection
) -> float:
    _empty(load, connection)
    started = perf_counter()
    outcome = run.run(database, source)
    seconds = perf_counter() - started
    assert (outcome.rows, outcome.poisoned) == (len(load.lines), 0)
    return seconds


def _by_copy(load: Load, chunks: Sequence[bytes], connection: psycopg.Connection) -> float:
    _empty(load, connection)
    started = perf_counter()
    for chunk in chunks:
        _copy(load, chunk, connection)
    seconds = perf_counter() - started
    (count,) = connection.execute(f"SELECT count(*) FROM {load.table}").fetchone() or (0,)
    assert count == len(load.lines)
    return seconds


def _copy(load: Load, chunk: bytes, connection: psycopg.Connection) -> None:
    names = _quoted(load.columns)
    news = ", ".join(f"{name} = excluded.{name}" for name in names.split(", "))
    connection.execute(
        f"CREATE TEMP TABLE incoming ON COMMIT DROP AS"
        f" SELECT {names} FROM {load.table} WITH NO DATA"
    )
    with connection.cursor().copy("COPY incoming FROM STDIN (FORMAT binary)") as copy:
        copy.write(chunk)
    connection.execute(
        f"INSERT INTO {load.table} ({names}) SELECT {names} FROM incoming"
        f" ON CONFLICT ({_quoted(load.key)}) DO UPDATE SET {news}"
        f" WHERE {load.table}.seq < excluded.seq"
    )
    connection.commit()


def _prepared(load: Load, connection: psycopg.Connection) -> list[bytes]:
    """The stored rows in COPY's binary form, a batch a piece, in the order of the feed."""
    chunks = []
    for first in range(0, len(load.lines), BATCH):
        query = (
            f"COPY (SELECT {_quoted(load.columns)} FROM {load.table}"
            f" WHERE seq > {first} AND seq <= {first + BATCH} ORDER BY seq)"
            " TO STDOUT (FORMAT binary)"
        )
        with connection.cursor().copy(query) as copy:
            chunks.append(b"".join(bytes(piece) for piece in copy))
    return chunks


def _empty(load: Load, connection: psycopg.Connection) -> None:
    connection.execute(f"TRUNCATE {load.table}, sync_cursor")
    connection.commit()


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
