"""200 requests, brought on by two people at once while processes are killed with `kill -9`.

Both do every step, as if the other were not there. At the end each request has one order in the
core, in the status in which the request is; each step was done once, and its customer was told
once.
"""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

import core.models
from denghuo.wiring import wire
from notifications.models import InboxMessage
from runtime.database import Database
from runtime.errors import Conflict
from service.models import User
from service.requests import asking, moving
from service.requests.askers import Asker
from service.requests.models import Request, RequestEvent
from tests.drills.fire import await_that, patiently, raise_the_fallen
from tests.house import House
from tests.payments.builders import create_user

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1200)]

SEED = 20261122
REQUESTS = 200
STEPS = ("crew_sent", "arrived", "restored")
STATES = ("accepted", "in_progress", "done")
FORMS = {"restored": {"cause": "line", "done": "接好了"}}
KILLED = ("worker", "core", "database")
KILL_EVERY = 12


def test_every_step_is_done_once_and_the_core_has_it(house: House, database: Database) -> None:
    wire()
    customer, agents = _people(database)
    numbers = [_ask(database, customer, each) for each in range(REQUESTS)]
    chance = Random(SEED)  # noqa: S311 - the same every time, on purpose
    ends = {number: chance.randint(1, len(STEPS)) for number in numbers}
    with ThreadPoolExecutor(len(agents)) as pool:
        for at, number in enumerate(numbers):
            if at % KILL_EVERY == KILL_EVERY - 1:
                victim = KILLED[at // KILL_EVERY % len(KILLED)]
                house.kill(victim)
                house.start(victim)
            list(pool.map(partial(_bring, database, number, STEPS[: ends[number]]), agents))
            raise_the_fallen(house)
    await_that(partial(_agree, database), house)
    _check(database, ends)


def _people(database: Database) -> tuple[int, tuple[int, int]]:
    """A customer and two of the utility's people."""
    with database.unit_of_work() as session:
        agents = create_user(session, "13600000001"), create_user(session, "13600000002")
        for each in agents:
            session.get_one(User, each).staff_role = "agent"
        return create_user(session, "13700000001"), agents


def _ask(database: Database, customer: int, number: int) -> str:
    """Limits are for people: each of the hundreds comes as an asker of its own."""
    told = {"trouble": "no_power", "address": "梧桐里 9 栋 201", "phone": "13700000001"}
    asker = Asker(f"drill:{number}", customer)
    with database.unit_of_work() as session:
        made = asking.apply(session, asker, "outage_repair", None, told, f"form-{number}")
        return made.request_no


def _bring(database: Database, number: str, steps: tuple[str, ...], by: int) -> None:
    """Do these steps as one of two; what the other has done already is refused."""
    for step in steps:
        while True:
            try:
                with database.unit_of_work() as session:
                    form = FORMS.get(step)
                    moving.complete(session, number, step, by=by, key=f"{by}-{step}", values=form)
                break
            except Conflict:
                break
            except DBAPIError:
                time.sleep(0.2)  # until the database is up again


def _agree(database: Database) -> bool:
    """Whether the core's orders stand where the requests stand, and the feed has said so."""
    with patiently(), database.unit_of_work() as session:
        apart = select(func.count(Request.id)).where(
            Request.core_status.is_distinct_from(Request.state)
        )
        return session.scalar(apart) == 0
    return False


def _check(database: Database, ends: dict[str, int]) -> None:
    order, state = core.models.ServiceOrder, dict(enumerate(STATES, 1))
    with database.unit_of_work() as session:
        orders = session.execute(select(order.details["request_no"].astext, order.status)).all()
        steps = session.execute(
            select(Request.request_no, RequestEvent.step)
            .join(RequestEvent, RequestEvent.request_id == Request.id)
            .where(RequestEvent.code == "moved")
        ).all()
        told = Counter(session.scalars(select(InboxMessage.kind)))
    assert sorted(map(tuple, orders)) == sorted((no, state[end]) for no, end in ends.items())
    assert sorted(map(tuple, steps)) == sorted(
        (no, step) for no, end in ends.items() for step in STEPS[:end]
    )
    assert sum(told.values()) == REQUESTS + sum(ends.values())
