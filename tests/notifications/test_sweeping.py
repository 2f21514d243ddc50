"""What is left lying is found each minute."""

import json
from datetime import timedelta

from sqlalchemy import select, text

from notifications import outbox, sweeping
from notifications.models import FAILED, InboxMessage, Message
from runtime import clock
from runtime.database import Database
from tests.service import builders

PARAMS = {"code": "482016", "minutes": "5"}


def put(database: Database, **change: object) -> None:
    with database.unit_of_work() as session:
        number = outbox.put(session, "sms", "13800002046", "code_sign_in_zh", PARAMS)
        for name, value in change.items():
            setattr(session.get_one(Message, number), name, value)


def test_what_waits_without_a_job_gets_one(database: Database) -> None:
    put(database)
    sweeping.sweep(0)
    sweeping.sweep(0)
    with database.reading() as session:
        asked = session.execute(text("SELECT task_name, args FROM procrastinate_jobs")).all()
    assert asked == [("notifications.dispatch", {"lane": 0, "channel": "sms"})]


def test_what_is_not_due_gets_none(database: Database) -> None:
    put(database, not_before=clock.now() + timedelta(minutes=1))
    sweeping.sweep(0)
    with database.reading() as session:
        assert session.scalars(text("SELECT id FROM procrastinate_jobs")).all() == []


def test_what_is_of_no_more_use_expires_and_is_forgotten(database: Database) -> None:
    put(database, expires_at=clock.now())
    sweeping.sweep(0)
    with database.reading() as session:
        [message] = session.scalars(select(Message))
    assert (message.state, message.params) == ("expired", None)


def test_those_who_can_do_something_hear_once_a_day_of_many_dead_letters(
    database: Database,
) -> None:
    with database.unit_of_work() as session:
        lead = builders.create_user(session, staff_role="lead").id
        for role in ("field", None):
            builders.create_user(session, staff_role=role)
    for _ in range(sweeping.PILED_UP - 1):
        put(database, state=FAILED)
    sweeping.sweep(0)
    with database.reading() as session:
        assert session.scalars(select(InboxMessage)).all() == []
    put(database, state=FAILED)
    for _twice in range(2):
        sweeping.sweep(0)
    with database.reading() as session:
        [told] = session.scalars(select(InboxMessage))
    assert (told.user_id, told.kind, json.loads(told.params)) == (
        lead,
        "desk.dead_letters",
        {"count": "20"},
    )
