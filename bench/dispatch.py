"""Messages a second that worker processes hand over to providers who answer after 300 ms.

Real workers, a durable private PostgreSQL and the sandbox's two SMS providers, each message a
notice of its own to a user of its own. The floor is one worker, the value two, in turns: the ratio
says how well they share the work, and 2 would be perfect. A provider over the network takes about
as long to answer; one who answers at once leaves nothing to share on two cores, which the sandbox,
the server and one worker fill.
"""

import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

import httpx
from sqlalchemy import insert, literal, null, select, text

from denghuo.house import await_answer, free_ports
from notifications import composing, notices, outbox, saying
from notifications.models import (
    DELIVERED,
    SENDING,
    SENT,
    UNCLEAR,
    UNDELIVERED,
    WAITING,
    Message,
    Notice,
)
from runtime import crypto, jobs, logs
from runtime.crypto import KeyRing
from runtime.database import Database
from runtime.settings import CryptoSettings, Settings, load
from service.models import User
from tests.house import House

OPEN = (WAITING, SENDING, UNCLEAR)
HANDED_OVER = {SENT, DELIVERED, UNDELIVERED}
MESSAGES = 4_000
ROUNDS = 3
DELAY_MS = 300
RATE = "1000000"
"""No limit of ours: what is measured is what we can do."""
PARAMS = {"balance_fen": -320, "below_fen": 5000}


def main() -> None:
    """Measure, and print the result as one JSON line."""
    logs.configure("CRITICAL", process="bench")
    var = Path(tempfile.mkdtemp(prefix="denghuo-bench-"))
    house = House(
        var, DENGHUO_PROVIDER_RATE=RATE, DENGHUO_LOG_LEVEL="ERROR", DENGHUO_SMS_CALLBACK=""
    )
    try:
        house.prepare()
        house.start("sandbox")
        await_answer(f"{house.place.sandbox}/healthz")
        print(json.dumps(_measured(house)), flush=True)
    finally:
        house.stop()
        house.command("database", "remove", "--yes")
        shutil.rmtree(var, ignore_errors=True)
        shutil.rmtree(var, ignore_errors=True)


def _measured(house: House) -> dict[str, object]:
    crypto.use_keys(KeyRing.from_settings(load(CryptoSettings, var=house.place.var)))
    database = Database.from_settings(load(Settings, var=house.place.var, database_url=None))
    jobs.use_database(database)
    os.environ["DENGHUO_PUBLIC_URL"] = house.place.portal
    for channel in ("aliyun", "tencent"):
        asked = {"channel": channel, "milliseconds": DELAY_MS}
        httpx.post(f"{house.place.sandbox}/test/delay", json=asked).raise_for_status()
    _people(database)
    one, two, composed = [], [], []
    for _ in range(ROUNDS):
        one.append(_round(house, database, 1, composed))
        two.append(_round(house, database, 2, composed))
    database.dispose()
    return {
        "name": "dispatch",
        "value": round(median(two), 1),
        "floor": round(median(one), 1),
        "ratio": round(median(two) / median(one), 3),
        "unit": "messages/s",
        "delay_ms": DELAY_MS,
        "composed_per_s": round(median(composed), 1),
    }


def _people(database: Database) -> None:
    with database.unit_of_work() as session:
        session.execute(
            insert(User),
            [
                {"phone": phone, "phone_index": crypto.blind_index(phone, "user.phone")}
                for phone in (f"139{number:08d}" for number in range(MESSAGES))
            ],
        )


def _round(house: House, database: Database, workers: int, composed: list[float]) -> float:
    """Messages a second with so many workers, who stand ready before there is anything to do."""
    _compose(database, composed)
    names = [f"worker{number}" for number in range(workers)]
    for name in names:
        port = free_ports(1)[0]
        house.environment["DENGHUO_WORKER_PORT"] = str(port)
        house.lines[name] = house.lines["worker"]
        house.start(name)
        await_answer(f"http://127.0.0.1:{port}/healthz")
    with database.unit_of_work() as session:
        outbox.ask_to_dispatch(session, "sms")
    started = time.perf_counter()
    while _waits(database):
        time.sleep(0.02)
    seconds = time.perf_counter() - started
    with database.reading() as session:
        states = set(session.scalars(select(Message.state).distinct()))
        assert states <= HANDED_OVER, states
    for name in names:
        house.kill(name)
    return MESSAGES / seconds


def _compose(database: Database, composed: list[float]) -> None:
    """A message for everybody, made in this process; nobody is there to send them yet."""
    _forget_jobs(database)
    with database.unit_of_work() as session:
        session.execute(text("TRUNCATE notice, message CASCADE"))
        told = select(
            literal(str(time.time_ns())).label("key"),
            User.id.label("user_id"),
            null().cast(Notice.account_no.type).label("account_no"),
        ).subquery()
        notices.tell_all(
            session, "balance.spent", told, params=PARAMS | {"link": saying.link("/payments")}
        )
    started = time.perf_counter()
    more = True
    while more:
        with database.unit_of_work() as session:
            more = composing.compose_chunk(session)
    composed.append(MESSAGES / (time.perf_counter() - started))
    _forget_jobs(database)


def _forget_jobs(database: Database) -> None:
    """No worker lives: what the last ones died of would keep its lane until it is rescued."""
    with database.unit_of_work() as session:
        session.execute(text("DELETE FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"))


def _waits(database: Database) -> bool:
    with database.reading() as session:
        open_ = select(Message.id).where(Message.state.in_(OPEN)).limit(1)
        return session.scalar(open_) is not None


if __name__ == "__main__":
    main()
