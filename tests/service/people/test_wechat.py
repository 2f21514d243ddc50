"""People of WeChat: who is kept, and for how long."""

from datetime import UTC, datetime, timedelta

import time_machine
from sqlalchemy import select

from runtime.database import Database
from service.people import tidy, users, wechat
from service.people.models import WeChatFollower

MORNING = datetime(2026, 12, 15, 2, tzinfo=UTC)
STRANGER, BOUND = "oSandbox-somebody", "oSandbox-customer"


def kept(database: Database) -> list[str]:
    with database.unit_of_work() as session:
        return list(session.scalars(select(WeChatFollower.openid).order_by(WeChatFollower.id)))


def test_who_never_signed_in_is_forgotten_after_thirty_days(database: Database) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        with database.unit_of_work() as session:
            owner = users.add_user(session, "13800002046", password_hash=None).id
            wechat.bind(session, BOUND, owner)
            wechat.conversation(session, STRANGER, "zh")
        clock.shift(timedelta(days=30))
        tidy.forget(0)
        assert kept(database) == [BOUND, STRANGER]
        clock.shift(timedelta(seconds=1))
        tidy.forget(0)
        assert kept(database) == [BOUND]


def test_who_has_written_again_is_not_forgotten(database: Database) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        with database.unit_of_work() as session:
            first = wechat.conversation(session, STRANGER, "zh").id
        clock.shift(timedelta(days=29))
        with database.unit_of_work() as session:
            assert wechat.conversation(session, STRANGER, "zh").id == first
        clock.shift(timedelta(days=29))
        tidy.forget(0)
        assert kept(database) == [STRANGER]
