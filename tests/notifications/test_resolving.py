"""What is unclear is given again only when it might be handed over for the first time, too."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from notifications import composing, dispatching, notices, resolving
from notifications.channels.base import Found, Parcel, Unclear
from notifications.models import Message
from runtime.database import Database
from tests.notifications.senders import Sender
from tests.service import builders

pytestmark = pytest.mark.usefixtures("as_told")

NOON = datetime(2026, 12, 8, 4, tzinfo=UTC)
EVENING = datetime(2026, 12, 8, 12, 59, 59, tzinfo=UTC)  # a second before 21:00 in Beijing
MORNING = datetime(2026, 12, 9, 0, tzinfo=UTC)
NEWS = {"way": "微信支付", "tail": "0817", "month": "11 月", "amount": "149.51"}


@pytest.fixture(autouse=True)
def _knows_references(sender: Sender) -> None:
    sender.is_idempotent = True  # type: ignore[misc]


def unclear(database: Database, sender: Sender, at: datetime, **more: object) -> None:
    """A message that was begun then; the provider has not taken it and gave no answer."""
    with time_machine.travel(at, tick=False):
        with database.unit_of_work() as session:
            user = builders.create_user(session, phone="13800002046")
            notices.tell(session, "autopay.done", key="k", user_id=user.id, params=NEWS)
        composing.compose()
        if more:
            with database.unit_of_work() as session:
                session.execute(update(Message).values(**more))
        sender.fault = Unclear("no_answer")
        dispatching.dispatch("sms", 0)
        sender.fault = None


def cannot_be_asked(sender: Sender) -> None:
    def never(_parcel: Parcel) -> Found | None:
        raise NotImplementedError

    sender.says = never


def resolve(at: datetime) -> None:
    with time_machine.travel(at, tick=False):
        resolving.resolve()
        dispatching.dispatch("sms", 0)


def message(database: Database) -> Message:
    with database.reading() as session:
        return session.scalars(select(Message)).one()


def test_at_night_it_is_asked_after_and_told_in_the_morning(
    database: Database, sender: Sender
) -> None:
    unclear(database, sender, EVENING)
    resolve(EVENING + timedelta(minutes=1))
    found = message(database)
    assert (len(sender.asked), sender.taken) == (1, [])
    assert (found.state, found.not_before) == ("waiting", MORNING)
    resolve(MORNING)
    assert (message(database).state, len(sender.taken)) == ("sent", 1)


def test_one_that_cannot_be_asked_is_given_it_again_in_the_morning(
    database: Database, sender: Sender
) -> None:
    cannot_be_asked(sender)
    unclear(database, sender, EVENING)
    resolve(EVENING + timedelta(minutes=1))
    found = message(database)
    assert (found.state, found.not_before, sender.taken) == ("unclear", MORNING, [])
    resolve(MORNING)
    assert (message(database).state, len(sender.taken)) == ("sent", 1)


def test_one_that_forgets_before_the_morning_is_not_waited_for(
    database: Database, sender: Sender
) -> None:
    sender.remembers = timedelta(minutes=10)  # type: ignore[misc]
    cannot_be_asked(sender)
    unclear(database, sender, EVENING)
    resolve(EVENING + timedelta(minutes=1))
    assert message(database).not_before < EVENING + timedelta(minutes=10)
    resolve(EVENING + timedelta(hours=5))
    found = message(database)
    assert (found.state, found.failure, sender.taken) == ("failed", "unclear", [])


@pytest.mark.parametrize(
    "free",
    [
        {"priority": 0},
        {
            "notice_ids": [],
            "template": "code_sign_in_zh",
            "params": '{"code": "482016", "minutes": "5"}',
        },
    ],
    ids=["urgent", "without_notices"],
)
def test_what_may_go_at_any_hour_is_given_again_at_once(
    database: Database, sender: Sender, free: dict[str, object]
) -> None:
    unclear(database, sender, EVENING, **free)
    resolve(EVENING + timedelta(seconds=2))
    assert (message(database).state, len(sender.taken)) == ("sent", 1)
    assert sender.asked == []


def test_what_is_of_no_more_use_is_asked_after_and_expires(
    database: Database, sender: Sender
) -> None:
    unclear(database, sender, NOON, expires_at=NOON + timedelta(seconds=2))
    resolve(NOON + timedelta(minutes=1))
    assert (len(sender.asked), sender.taken) == (1, [])
    assert message(database).state == "expired"


def test_what_is_of_no_more_use_and_cannot_be_asked_after_is_a_dead_letter(
    database: Database, sender: Sender
) -> None:
    cannot_be_asked(sender)
    unclear(database, sender, NOON, expires_at=NOON + timedelta(seconds=2))
    resolve(NOON + timedelta(minutes=1))
    assert message(database).state == "unclear"
    resolve(NOON + timedelta(hours=5))
    found = message(database)
    assert (found.state, found.failure, sender.taken) == ("failed", "unclear", [])
