"""What was said long ago is forgotten."""

from datetime import timedelta

import time_machine
from sqlalchemy import func, select

from runtime.database import Database
from service.conversations import (
    Conversation,
    Handoff,
    Message,
    Reply,
    answer,
    ask_for_person,
    open_for_browser,
    say,
)
from service.conversations.tidy import forget, forget_old

YEAR = timedelta(days=365)


def left(database: Database) -> list[int]:
    with database.unit_of_work() as session:
        return list(session.scalars(select(Conversation.id).order_by(Conversation.id)))


def test_strangers_are_forgotten_after_thirty_days(
    database: Database, talk: Conversation, clock: time_machine.Traveller
) -> None:
    with database.unit_of_work() as session:
        stranger = open_for_browser(session, "a")
        answer(session, say(session, stranger, "你好", "k1"), [Reply("您好")])
        say(session, talk, "我的", "k1")
    clock.shift(timedelta(days=30))
    forget(0)
    assert left(database) == [talk.id, stranger.id]
    clock.shift(timedelta(seconds=1))
    with database.unit_of_work() as session:
        assert forget_old(session, YEAR) == 1
    assert left(database) == [talk.id]
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 1


def test_others_are_kept_for_a_year_and_never_while_somebody_waits(
    database: Database, talk: Conversation, clock: time_machine.Traveller
) -> None:
    with database.unit_of_work() as session:
        waits = open_for_browser(session, "a")
        ask_for_person(session, waits, "wished", "")
        say(session, talk, "我的", "k1")
    clock.shift(YEAR)
    forget(0)
    assert left(database) == [talk.id, waits.id]
    clock.shift(timedelta(seconds=1))
    forget(0)
    assert left(database) == [waits.id]
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Handoff)) == 1
