"""The figures of the board are true."""

from datetime import timedelta

import time_machine
from sqlalchemy import update

from runtime import clock
from runtime.database import Database
from service.desk import load
from service.desk.load import Kept, Load, Rated
from service.requests import clocks, moving
from service.requests.models import Request
from service.requests.talk_models import Rating
from tests.service.desk.conftest import worker
from tests.service.requests.conftest import Customer, ask


def test_what_lies_before_each_team_and_person(
    database: Database, customer: Customer, now: time_machine.Traveller
) -> None:
    """Two repairs of 45 minutes, one of them urgent; a connection that waits; a complaint."""
    first, second = (ask(database, customer, key=key) for key in ("a", "b"))
    waits = ask(database, customer, "new_connection", key="c")
    ask(database, customer, "complaint", key="d")
    with database.unit_of_work() as session:
        me = worker(session, name="林小满")
        moving.assign(session, [first.request_no, waits.request_no], me.id, by=me.id)
        moving.urge(session, second.request_no, True, by=me.id)
        moving.pause(session, waits.request_no, "少一张房产证", by=me.id)
    with database.unit_of_work() as session:
        teams = load.of_teams(session)
        assert teams["repair"] == Load(open=2, due_today=2, late=0, paused=0, urgent=1, free=1)
        assert teams["connection"] == Load(1, 0, 0, 1, 0, 0)
        assert set(teams) == {"repair", "connection", "service"}
        assert teams["service"].open == 1
    now.shift(3600)
    with database.unit_of_work() as session:
        teams = load.of_teams(session)
        assert teams["repair"] == Load(open=2, due_today=0, late=2, paused=0, urgent=1, free=1)
        [person] = load.of_people(session)
        assert person.person.id == me.id
        assert person.load == Load(open=2, due_today=0, late=1, paused=1, urgent=0, free=0)
        assert person.kept.percent is None


def test_a_deadline_of_midnight_is_of_the_day_that_ends(
    database: Database, customer: Customer, now: time_machine.Traveller
) -> None:
    made = ask(database, customer, "new_connection")
    midnight = clock.civil_midnight(clock.today() + timedelta(days=1))
    with database.unit_of_work() as session:
        session.execute(update(Request).where(Request.id == made.id).values(due_at=midnight))
        assert load.of_teams(session)["connection"].due_today == 1


def test_promises_kept_are_those_that_were_never_late(
    database: Database, customer: Customer, now: time_machine.Traveller
) -> None:
    kept, late, old = (ask(database, customer, key=key) for key in ("a", "b", "c"))
    with database.unit_of_work() as session:
        me = worker(session)
        _finish(session, kept, me.id)
        moving.assign(session, [late.request_no], me.id, by=me.id)
    now.shift(3600)
    clocks.watch(database)
    with database.unit_of_work() as session:
        _finish(session, late, me.id)
        long_ago = clock.now() - timedelta(days=31)
        done = {"state": "done", "closed_at": long_ago, "due_at": None}
        session.execute(update(Request).where(Request.id == old.id).values(done))
    with database.unit_of_work() as session:
        assert load.kept_by_team(session) == {"repair": Kept(done=2, kept=1)}
        assert Kept(2, 1).percent == 50
        assert Kept(3, 2).percent == 66
        [person] = load.of_people(session)
        assert (person.load.open, person.kept) == (0, Kept(1, 0))


def test_what_customers_thought_by_team(database: Database, customer: Customer) -> None:
    scores = {"a": 5, "b": 4, "c": 1}
    with database.unit_of_work() as session:
        for key in scores:
            ask(database, customer, key=key)
        for made in session.query(Request):
            score = scores[made.idempotency_key]
            session.add(Rating(request_id=made.id, round=0, score=score, at=clock.now()))
        session.flush()
        found = load.rated_by_team(session)
        assert found == {"repair": Rated(count=3, total=10, low=1)}
        assert found["repair"].tenths == 33
        assert Rated(4, 17, 0).tenths == 43


def _finish(session, made: Request, by: int) -> None:  # type: ignore[no-untyped-def]
    """Through all its steps."""
    found = moving.locked(session, made.request_no)
    moving.finish(session, found, moving.By("staff", by))
