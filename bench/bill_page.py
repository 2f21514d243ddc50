"""A signed-in customer's bill, over the queries it asks and a bare answer of the same bytes.

Both sides are served by gunicorn with the portal's own settings from one durable private
PostgreSQL, and asked in turns by the same clients over connections that stay open. The floor runs
the very statements of one real request through psycopg, and sends the bytes that this request got.

People look at the bill of this month again and again, so that the portal keeps what it has put into
words; `ratio_unseen` is the same for bills that no process has kept: hundreds, asked in turns.

How long an answer takes is measured with the portal alone: the median for one client who asks
without a pause, and the 99th of a hundred for fifty who together ask half as often as the portal
could answer. Fifty who never pause would measure the number of processors and nothing else: each
waits for the other 49, whatever a page costs; `p99_over_median_without_pause` says how long.
"""

import json
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from flask import Flask
from psycopg import Cursor

from bench._customer import Customer, settle_in
from bench._floor_page import HANDED_OVER, Answer
from bench._load import Load, Outcome, apply
from denghuo.house import ROOT, HouseError, Place, await_answer, free_ports
from portal.app import create_app
from portal.current import SIGN_IN_COOKIE
from portal.settings import PortalSettings
from runtime import crypto, logs, migrate
from runtime.crypto import KeyRing
from runtime.database import Database
from runtime.postgres import PrivateServer
from runtime.secrets import ensure_secrets
from runtime.settings import Settings, load
from runtime.tether import Tether

ROUNDS = 7
ROUND_SECONDS = 3.0
CLIENTS = 16
"""Enough that every processor is at work all the time."""
READERS = 50
SHARE = 0.5
"""Of what the portal can answer, what the readers ask together."""
LATENCY_SECONDS = 20.0
PORTAL = "denghuo.web:create()"
FLOOR = "bench._floor_page:create()"


def main() -> None:
    """Measure, and print the result as one JSON line."""
    logs.configure("WARNING", process="bench")
    with tempfile.TemporaryDirectory(prefix="denghuo-bench-") as folder:
        var = Path(folder)
        server = PrivateServer(var).start()
        try:
            migrate.upgrade(server.url)
            print(json.dumps(_measured(var, server.url)), flush=True)
        finally:
            server.remove()


def _measured(var: Path, url: str) -> dict[str, object]:
    crypto.use_keys(KeyRing.from_settings(load(Settings, var=var)))
    database = Database(url)
    customer, caretaker = settle_in(database)
    app = create_app(load(PortalSettings, var=var, database_url=url), database)
    answer, cookie = _real_answer(app, customer)
    other_cookie = _real_answer(app, caretaker)[1]
    database.dispose()
    with _portal(var, url) as portal, _floor(var, url, answer) as floor:
        sides = (
            Load(portal, _paths(customer), cookie, CLIENTS, ROUND_SECONDS),
            Load(floor, _paths(customer), cookie, CLIENTS, ROUND_SECONDS),
            Load(portal, _paths(caretaker), other_cookie, CLIENTS, ROUND_SECONDS),
        )
        ours, floors, unseen = _rounds(*sides)
        rate = median(each.rate for each in ours)
        latencies = _latencies(replace(sides[0], clients=1, seconds=LATENCY_SECONDS), rate)
    bare = median(each.rate for each in floors)
    return {
        "name": "bill-page",
        "value": round(rate, 1),
        "floor": round(bare, 1),
        "ratio": _ratio(ours, floors),
        "unit": "requests/s",
        "ratio_unseen": _ratio(unseen, floors),
        **latencies,
        "clients_busy": round(max(each.busy for each in floors), 3),
        "queries": len(answer.queries),
        "bytes": len(answer.body),
    }


def _rounds(*sides: Load) -> list[list[Outcome]]:
    """All sides in turns, after each has been asked for a while."""
    for side in sides:
        apply(side)
    rounds = [[apply(side) for side in sides] for _ in range(ROUNDS)]
    return [list(outcomes) for outcomes in zip(*rounds, strict=True)]


def _ratio(ours: list[Outcome], floors: list[Outcome]) -> float:
    """The middle one of the rounds: both sides of a round had the same neighbours."""
    return round(median(own.rate / bare.rate for own, bare in zip(ours, floors, strict=True)), 3)


def _latencies(alone: Load, rate: float) -> dict[str, float]:
    """What one client waits, and what fifty do, of a portal that can answer `rate` a second."""
    usual = apply(alone).quantile(0.5)
    fifty = replace(alone, clients=READERS)
    readers = apply(replace(fifty, pause=READERS / (SHARE * rate)))
    greedy = apply(fifty)
    return {
        "median_ms": round(usual * 1000, 2),
        "p99_ms": round(readers.quantile(0.99) * 1000, 2),
        "p99_over_median": round(readers.quantile(0.99) / usual, 2),
        "p99_over_median_without_pause": round(greedy.quantile(0.99) / usual, 2),
    }


def _paths(customer: Customer) -> tuple[str, ...]:
    return tuple(f"/bills/{bill_no}" for bill_no in customer.bill_nos)


def _real_answer(app: Flask, customer: Customer) -> tuple[Answer, str]:
    """What one request asks the database and gets, and the cookies of the browser by then."""
    browser = app.test_client()
    browser.set_cookie(SIGN_IN_COOKIE, customer.token, domain="127.0.0.1")
    headers = {"Accept-Encoding": "gzip", "Accept-Language": "zh-CN", "Host": "127.0.0.1"}
    browser.get(_paths(customer)[-1], headers=headers)
    queries: list[tuple[str, Any]] = []

    def keep(cursor: Cursor, query: str, values: Any = None, **options: Any) -> Cursor:
        queries.append((query, values))
        return execute(cursor, query, values, **options)

    execute = Cursor.execute
    with patch.object(Cursor, "execute", keep):
        answer = browser.get(_paths(customer)[-1], headers=headers)
    assert answer.status_code == 200, answer.status
    form = browser.get_cookie("denghuo_form", domain="127.0.0.1")
    assert form is not None
    sent = tuple((name, value) for name, value in answer.headers if name != "Content-Length")
    cookie = f"{SIGN_IN_COOKIE}={customer.token}; {form.key}={form.value}"
    return Answer(tuple(queries), answer.data, sent), cookie


@contextmanager
def _portal(var: Path, url: str) -> Iterator[int]:
    """The portal under gunicorn; its port."""
    with _served(PORTAL, var, url, {}) as port:
        yield port


@contextmanager
def _floor(var: Path, url: str, answer: Answer) -> Iterator[int]:
    """The floor under gunicorn; its port."""
    own = var / "floor"
    own.mkdir()
    ensure_secrets(own)
    (own / "answer").write_bytes(pickle.dumps(answer))
    told = {HANDED_OVER: str(own / "answer"), "BENCH_THREADS": "4"}
    with _served(FLOOR, own, url, told) as port:
        yield port


@contextmanager
def _served(application: str, var: Path, url: str, told: dict[str, str]) -> Iterator[int]:
    """An application under gunicorn with the portal's own settings, until the block ends."""
    port, metrics_port = free_ports(2)
    place = Place(var, portal_port=port, metrics_port=metrics_port)
    own = {
        "DATABASE_URL": url,
        "DENGHUO_LOG_LEVEL": "WARNING",
        "DENGHUO_INVOICE_TOKEN": "nobody asks for an invoice here",
    }
    environment = place.environment() | own | told
    command = [sys.executable, "-m", "gunicorn", "--config", "portal/gunicorn.py", application]
    with (var / "web.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stderr=log, preexec_fn=Tether(signal.SIGTERM)
        )
    try:
        await_answer(f"http://127.0.0.1:{port}/healthz")
        yield port
    except HouseError:
        print((var / "web.log").read_text(encoding="utf-8", errors="replace"), file=sys.stderr)
        raise
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    main()
