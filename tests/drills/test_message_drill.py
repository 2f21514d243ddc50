"""20,000 messages by two providers that forget references, while workers are killed with `kill -9`.

Both providers suffer all the while: a share of what they are asked ends in 500, is not heard, or
is done without our hearing of it. At the end each message is exactly once in the box, or a dead
letter that says why.
"""

import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from itertools import cycle
from random import Random

import httpx
import pytest
from sqlalchemy import func, select

from denghuo.house import await_answer, free_ports
from notifications import outbox
from notifications.models import FAILED, SENDING, UNCLEAR, WAITING, Message
from runtime import jobs
from runtime.database import Database
from runtime.jobs import TaskName, defer
from tests.drills.fire import await_that, raise_the_fallen
from tests.house import House, standing_house

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1200)]

SEED = 20261122


MESSAGES = 20_000
BATCH = 1_000
WORKS_SECONDS = 8.0
WORKERS: dict[str, int] = {}
SUFFERS_SECONDS, SHARE = 2.0, 0.3
PROVIDERS = ("aliyun", "tencent")
FAULTS = ("error", "timeout", "lost_answer")
OPEN = (WAITING, SENDING, UNCLEAR)
SWEEP = TaskName("notifications.sweep", "notifications")
TOLD = {
    "DENGHUO_JOB_RESCUE_SECONDS": "2",
    "DENGHUO_ALIYUN_SMS_TIMEOUT": "1",
    "DENGHUO_TENCENT_SMS_TIMEOUT": "1",
    "DENGHUO_TENCENT_SMS_REPORT_SECONDS": "5",
    "DENGHUO_MESSAGE_LEASE_SECONDS": "30",
    "DENGHUO_MESSAGE_GRACE_SECONDS": "5",
    "DENGHUO_PROVIDER_RATE": "2000",
    "DENGHUO_SMS_CALLBACK": "",
    "DENGHUO_LOG_LEVEL": "ERROR",
}


@pytest.fixture
def house() -> Iterator[House]:
    with standing_house(**TOLD) as house:
        [port] = free_ports(1)
        house.lines["second"] = (
            f"DENGHUO_WORKER_PORT={port}; export DENGHUO_WORKER_PORT; {house.lines['worker']}"
        )
        house.start("second")
        WORKERS.update(worker=house.place.worker_port, second=port)
        yield house
        house.kill("second")


def test_every_message_is_sent_once_or_is_a_dead_letter(house: House, database: Database) -> None:
    jobs.use_database(database)
    references = _write(database)
    _let_suffer(house, database)
    await_that(partial(_settled, house, database), house)
    _check(house, database, references)


def _write(database: Database) -> set[str]:
    """The messages, each to a phone of its own; nobody is asked to send them yet."""
    for first in range(0, MESSAGES, BATCH):
        with database.unit_of_work() as session:
            for number in range(first, first + BATCH):
                params = {"code": f"{number:06d}", "minutes": "5"}
                outbox.put(session, "sms", f"139{number:08d}", "code_sign_in_zh", params)
    with database.unit_of_work() as session:
        return set(session.scalars(select(Message.reference)))


def _let_suffer(house: House, database: Database) -> None:
    """Until most are sent: another fault every while, and another worker killed."""
    chance, faults = Random(SEED), cycle(FAULTS)  # noqa: S311 - the same every time
    while _count(database, Message.state.in_(OPEN)) > MESSAGES / 10:
        for provider in PROVIDERS:
            fault = {"channel": provider, "kind": next(faults), "seconds": SUFFERS_SECONDS}
            _ask(house, "outage", share=SHARE, **fault)
        _sweep(database)
        for port in WORKERS.values():
            await_answer(f"http://127.0.0.1:{port}/healthz")
        time.sleep(chance.uniform(0.5, WORKS_SECONDS))
        victim = chance.choice(sorted(WORKERS))
        house.kill(victim)
        house.start(victim)
        raise_the_fallen(house)
    httpx.delete(f"{house.place.sandbox}/test/outage", trust_env=False).raise_for_status()


def _settled(house: House, database: Database) -> bool:
    _sweep(database)
    time.sleep(1)
    return _count(database, Message.state.in_(OPEN)) == 0


def _sweep(database: Database) -> None:
    """It comes each minute by itself; a drill has no time for that."""
    with database.unit_of_work() as session:
        defer(session, SWEEP, queueing_lock="notifications.sweep", timestamp=0)


def _check(house: House, database: Database, references: set[str]) -> None:
    box = Counter(_box(house))
    with database.reading() as session:
        dead = dict(
            session.execute(
                select(Message.reference, Message.failure).where(Message.state == FAILED)
            ).all()  # type: ignore[arg-type]
        )
    assert [each for each, number in box.items() if number > 1] == []
    assert box.keys() | dead.keys() == references
    assert all(dead.values())
    assert {reason for each, reason in dead.items() if each in box} <= {"unclear"}


def _box(house: House) -> list[str]:
    """The references of all that the providers have taken."""
    with closing(sqlite3.connect(house.place.var / "sandbox" / "sandbox.sqlite3")) as box:
        return [each for (each,) in box.execute("SELECT client_id FROM message")]


def _ask(house: House, hook: str, **asked: object) -> None:
    address = f"{house.place.sandbox}/test/{hook}"
    httpx.post(address, json=asked, trust_env=False, timeout=30).raise_for_status()


def _count(database: Database, which: object) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Message).where(which)) or 0  # type: ignore[arg-type]
