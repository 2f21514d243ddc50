"""From a notice to what a provider is handed: the way that everything goes."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, text

from notifications import composing, dispatching, notices
from notifications.models import InboxMessage, Message, Notice
from runtime.database import Database
from tests.notifications.senders import Sender
from tests.service import builders

pytestmark = pytest.mark.usefixtures("as_told")

NOON = datetime(2026, 12, 8, 4, tzinfo=UTC)
MORNING = datetime(2026, 12, 9, 0, tzinfo=UTC)
NEWS = {"way": "微信支付", "tail": "0817", "month": "11 月", "amount": "149.51"}
SAID = "微信支付已自动缴户号尾号 0817 的11 月电费 149.51 元，不用再缴。"


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def tell(database: Database, name: str = "autopay.done", **more: object) -> int:
    """A notice to a new user."""
    with database.unit_of_work() as session:
        user = builders.create_user(session, phone="13800002046")
        told = {"key": "k1", "user_id": user.id, "params": NEWS} | more
        assert notices.tell(session, name, **told)  # type: ignore[arg-type]
        return user.id


def through(database: Database) -> None:
    composing.compose()
    dispatching.dispatch("sms", 0)


def test_what_is_told_is_composed_sent_and_told(database: Database, sender: Sender) -> None:
    user = tell(database)
    through(database)
    assert sender.words == [("13800002046", SAID)]
    with database.unit_of_work() as session:
        [message], [notice] = session.scalars(select(Message)), session.scalars(select(Notice))
        assert (message.state, message.kind, message.language) == ("sent", "autopay.done", "zh")
        assert (message.provider, message.provider_no) == ("one", f"no-{message.reference}")
        assert (message.user_id, message.words) == (user, SAID)
        assert (message.wording_version, message.attempts) == (0, 1)
        assert (notice.state, notice.message_id, notice.told_at) == ("told", message.id, NOON)
        assert message.notice_ids == [notice.id]
        [kept] = session.scalars(select(InboxMessage))
        assert (kept.user_id, kept.kind, json.loads(kept.params)) == (user, "autopay.done", NEWS)


def test_every_step_asks_for_the_next(database: Database, sender: Sender) -> None:
    tell(database)
    asked = text("SELECT task_name FROM procrastinate_jobs ORDER BY id")
    with database.reading() as session:
        assert session.scalars(asked).all() == ["notifications.compose"]
    composing.compose()
    with database.reading() as session:
        assert session.scalars(asked).all()[1:] == ["notifications.dispatch"]


def test_what_runs_twice_sends_once(database: Database, sender: Sender) -> None:
    tell(database)
    for _again in range(2):
        through(database)
    assert len(sender.taken) == 1


def test_at_night_it_waits_for_the_morning(database: Database, sender: Sender) -> None:
    night = datetime(2026, 12, 8, 14, tzinfo=UTC)  # 22:00 in Beijing
    with time_machine.travel(night, tick=False):
        tell(database)
        through(database)
    assert sender.taken == []
    with database.unit_of_work() as session:
        [notice] = session.scalars(select(Notice))
        assert (notice.state, notice.not_before) == (
            "waiting",
            MORNING,
        )
    with time_machine.travel(night + timedelta(hours=10), tick=False):
        through(database)
    assert len(sender.taken) == 1


def test_a_holder_without_a_user_is_told_by_phone(database: Database, sender: Sender) -> None:
    with database.unit_of_work() as session:
        account = builders.create_account(session, phone="13700000009")
        notices.tell(session, "autopay.done", key="k2", account_no=account.account_no, params=NEWS)
    through(database)
    assert sender.words == [("13700000009", SAID)]


def test_what_is_taken_back_is_not_sent(database: Database, sender: Sender) -> None:
    tell(database)
    composing.compose()
    with database.unit_of_work() as session:
        assert notices.withdraw(session, Notice.kind == "autopay.done", reason="paid") == 1
    dispatching.dispatch("sms", 0)
    assert sender.taken == []
    with database.reading() as session:
        assert session.scalars(select(Message.state)).all() == ["withdrawn"]
        assert session.scalars(select(Notice.reason)).all() == ["paid"]
