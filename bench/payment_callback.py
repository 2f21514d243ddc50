"""Callbacks that are verified, applied and committed, over the same verification and one insert.

Both sides take the same signed messages of both gateways, on the same threads and the same
durable private PostgreSQL, in turns, so that whatever else the machine does hits both.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from time import perf_counter

import psycopg
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool
from sqlalchemy import text

from payments import callbacks, gateways
from payments.callbacks import Message
from payments.gateways.base import Gateway
from runtime import crypto, logs, migrate
from runtime.crypto import KeyRing
from runtime.database import Database
from runtime.postgres import PrivateServer
from tests.payments.builders import World

THREADS = 1
"""Both sides wait alike for the disk; with more, what is measured is how commits are shared."""

ROUNDS = 6
ORDERS_A_ROUND = 600
WARM_UP = 40
_FLOOR_TABLE = """
    CREATE TABLE floor_callback (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, gateway text NOT NULL,
        notification_id text NOT NULL, headers jsonb NOT NULL, body bytea NOT NULL,
        received_at timestamptz NOT NULL DEFAULT now(), UNIQUE (gateway, notification_id))
"""
_FLOOR_INSERT = """
    INSERT INTO floor_callback (gateway, notification_id, headers, body) VALUES (%s, %s, %s, %s)
"""
_ORDERS = """
    WITH placed AS (
        INSERT INTO payment_order (order_no, user_id, status, gateway, product, purpose,
            amount_fen, idempotency_key, expires_at, next_query_at, contested,
            version)
        SELECT order_no, (SELECT min(id) FROM user_account), 'awaiting',
               split_part(order_no, '-', 1), 'native', 'bills', 14951, order_no,
               now() + interval '1 hour', now() + interval '1 hour', false,
               1
        FROM unnest(CAST(:order_nos AS text[])) AS given (order_no)
        RETURNING id, order_no)
    INSERT INTO payment_order_item (order_id, account_no, bill_no, period, principal_fen, late_fen,
        amount_fen, held)
    SELECT id, lpad(CAST(id AS text), 12, '4'), 'B' || id, '2026-10', 14951, 0, 14951, true
    FROM placed
"""
_USER = """
    INSERT INTO user_account (phone, phone_index, language, theme, elder_mode)
    VALUES ('', '', 'zh', 'system', false)
"""


@dataclass(frozen=True)
class Sent:
    """A signed message and the gateway it is for."""

    gateway: Gateway
    message: Message


def main() -> None:
    """Print one JSON line with the ratio."""
    logs.configure("WARNING", process="bench")
    crypto.use_keys(KeyRing({"bench": bytes(32)}, bytes(32)))
    with tempfile.TemporaryDirectory(prefix="denghuo-bench-") as folder:
        server = PrivateServer(Path(folder)).start()
        try:
            print(json.dumps(measure(server.url)))
        finally:
            server.remove()


def measure(url: str) -> dict[str, object]:
    """Callbacks a second of both sides, the sum over all rounds."""
    migrate.upgrade(url)
    with psycopg.connect(url) as connection:
        connection.execute(_FLOOR_TABLE)
        connection.execute(_USER)
    database = Database(url, pool_size=THREADS)
    with (
        ConnectionPool(url, min_size=THREADS, max_size=THREADS) as pool,
        ThreadPoolExecutor(THREADS) as threads,
    ):
        taken, inserted = _rounds(database, pool, threads)
    database.dispose()
    count = ROUNDS * ORDERS_A_ROUND
    value, floor = count / taken, count / inserted
    return {
        "name": "payment-callback",
        "value": round(value, 1),
        "floor": round(floor, 1),
        "ratio": round(value / floor, 3),
        "unit": "callbacks/s",
    }


def _rounds(
    database: Database, pool: ConnectionPool, threads: ThreadPoolExecutor
) -> tuple[float, float]:
    """Seconds spent taking, and seconds spent on the floor."""
    world = World()
    offered = gateways.from_settings(world.settings())
    seconds = {"take": 0.0, "floor": 0.0}

    def take(sent: Sent) -> None:
        assert callbacks.take(database, sent.gateway, sent.message).status == 200

    def floor(sent: Sent) -> None:
        found = sent.gateway.verify_notification(sent.message.headers, sent.message.body)
        with pool.connection() as connection:
            values = (sent.gateway.name, found.notification_id)
            headers = Jsonb(dict(sent.message.headers))
            connection.execute(_FLOOR_INSERT, (*values, headers, sent.message.body))

    _time(threads, take, _messages(database, world, offered, "warm", WARM_UP))
    _time(threads, floor, _messages(database, world, offered, "cold", WARM_UP))
    for number in range(ROUNDS):
        messages = _messages(database, world, offered, str(number), ORDERS_A_ROUND)
        sides: list[tuple[str, Callable[[Sent], None]]] = [("take", take), ("floor", floor)]
        for name, work in sides[:: 1 if number % 2 else -1]:
            seconds[name] += _time(threads, work, messages)
    _check(database)
    return seconds["take"], seconds["floor"]


def _messages(
    database: Database, world: World, offered: dict[str, Gateway], name: str, count: int
) -> list[Sent]:
    """Orders, committed, and a message for each, half of them of either gateway."""
    ways = [way for way, _ in zip(cycle(offered), range(count), strict=False)]
    order_nos = [f"{way}-{name}-{number}" for number, way in enumerate(ways)]
    with database.unit_of_work() as session:
        session.execute(text(_ORDERS), {"order_nos": order_nos})
    return [
        Sent(offered[way], Message(*getattr(world, f"{way}_message")(order_no, 14951)))
        for way, order_no in zip(ways, order_nos, strict=True)
    ]


def _time(threads: ThreadPoolExecutor, work: Callable[[Sent], None], sent: Sequence[Sent]) -> float:
    started = perf_counter()
    for _ in threads.map(work, sent):
        pass
    return perf_counter() - started


def _check(database: Database) -> None:
    """Every measured order is paid, with its task and its job."""
    with database.unit_of_work() as session:
        for table in ("payment_order where status = 'paid'", "posting_task", "procrastinate_jobs"):
            found = session.scalar(text(f"select count(*) from {table}"))  # noqa: S608
            assert found == ROUNDS * ORDERS_A_ROUND + WARM_UP, (table, found)


if __name__ == "__main__":
    sys.exit(main())
