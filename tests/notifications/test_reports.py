"""What a provider reports later, and the next channel where nothing arrives."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from notifications import composing, dispatching, notices, reports, sweeping
from notifications.channels.base import Channel, Refused
from notifications.models import Message, Notice, ProviderMinute
from runtime.database import Database
from tests.notifications.senders import Sender, sending_by
from tests.service import builders

pytestmark = pytest.mark.usefixtures("as_told")

NOON = datetime(2026, 12, 8, 4, tzinfo=UTC)
FORMAL = {
    "amount": "149.51",
    "principal": "140.00",
    "late": "9.51",
    "tail": "0817",
    "month": "11 月",
    "day": "12 月 20 日",
    "days": "20",
    "link": "https://denghuo.example/pay",
    "phone": "96000",
    "utility": "江城供电",
}


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def both() -> Iterator[tuple[Sender, Sender]]:
    """Short messages that are reported on, and calls."""
    sms, voice = Sender("one"), Sender("two", Channel.VOICE)
    sms.reports = True  # type: ignore[misc]
    with sending_by(sms, voice):
        yield sms, voice


@pytest.fixture
def sent(
    database: Database, clock: time_machine.Traveller, both: tuple[Sender, Sender]
) -> tuple[Sender, Sender]:
    """A reminder by SMS; a call is next in its plan, after half an hour without a report."""
    with database.unit_of_work() as session:
        user = builders.create_user(session, phone="13800002046")
        told = {"key": "k", "user_id": user.id, "params": FORMAL}
        notices.tell(session, "arrears.late_15", **told)  # type: ignore[arg-type]
    composing.compose()
    with database.unit_of_work() as session:
        session.execute(update(Message).values(plan=["sms", "voice"], rank=0))
    dispatching.dispatch("sms", 0)
    return both


def report(database: Database, sender: Sender, *, delivered: bool, **more: object) -> bool:
    told = {"delivered": delivered, "reason": "MK:0001", "at": NOON + timedelta(seconds=7)} | more
    with database.unit_of_work() as session:
        if "reference" not in told and "provider_no" not in told:
            told["provider_no"] = f"no-{sender.taken[0].reference}"
        return reports.note(session, "one", **told)  # type: ignore[arg-type]


def states(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        rows = session.execute(select(Message.channel, Message.state).order_by(Message.id))
        return [(row.channel, row.state) for row in rows]


def notice(database: Database) -> Notice:
    with database.reading() as session:
        return session.scalars(select(Notice)).one()


def after(clock: time_machine.Traveller, minutes: float) -> None:
    clock.shift(timedelta(minutes=minutes))
    sweeping.sweep(0)


def test_a_report_that_it_arrived_ends_it(
    database: Database, sent: tuple[Sender, Sender], clock: time_machine.Traveller
) -> None:
    assert report(database, sent[0], delivered=True)
    after(clock, 600)
    assert states(database) == [("sms", "delivered")]
    with database.reading() as session:
        [minute] = session.scalars(select(ProviderMinute))
        assert (minute.sent, minute.delivered, minute.delivery_seconds) == (1, 1, 7.0)


def test_one_that_it_did_not_goes_on_at_once(
    database: Database, sent: tuple[Sender, Sender]
) -> None:
    assert report(database, sent[0], delivered=False)
    assert states(database) == [("sms", "undelivered"), ("voice", "waiting")]
    dispatching.dispatch("voice", 0)
    assert len(sent[1].taken) == 1
    assert notice(database).state == "told"


def test_without_a_report_the_next_channel_is_tried_in_time(
    database: Database, sent: tuple[Sender, Sender], clock: time_machine.Traveller
) -> None:
    after(clock, 119)
    assert states(database) == [("sms", "sent")]
    after(clock, 1)
    assert states(database) == [("sms", "sent"), ("voice", "waiting")]
    after(clock, 120)
    assert len(states(database)) == 2


def test_what_arrives_late_stops_the_next_channel(
    database: Database, sent: tuple[Sender, Sender], clock: time_machine.Traveller
) -> None:
    after(clock, 120)
    assert report(database, sent[0], delivered=True)
    assert states(database) == [("sms", "delivered"), ("voice", "withdrawn")]


@pytest.mark.parametrize("order", [(True, False), (False, True), (True, True, False)])
def test_what_arrived_has_arrived_in_whatever_order(
    database: Database, sent: tuple[Sender, Sender], order: tuple[bool, ...]
) -> None:
    for delivered in order:
        assert report(database, sent[0], delivered=delivered)
    assert states(database)[0] == ("sms", "delivered")


def test_a_report_of_a_stranger_is_not_known(
    database: Database, sent: tuple[Sender, Sender]
) -> None:
    assert not report(database, sent[0], delivered=True, provider_no="no-other")
    assert not report(database, sent[0], delivered=True, recipient="13800009999")
    assert states(database) == [("sms", "sent")]


def test_a_report_can_be_faster_than_the_answer(
    database: Database, sent: tuple[Sender, Sender]
) -> None:
    with database.unit_of_work() as session:
        session.execute(update(Message).values(state="unclear", sent_at=None, provider_no=None))
    reference = sent[0].taken[0].reference
    assert report(database, sent[0], delivered=True, reference=reference, provider_no="x")
    assert states(database) == [("sms", "delivered")]
    assert notice(database).state == "told"


def test_with_no_channel_left_it_has_failed(
    database: Database, sent: tuple[Sender, Sender]
) -> None:
    sent[1].fault = Refused("busy_line")
    report(database, sent[0], delivered=False)
    dispatching.dispatch("voice", 0)
    found = notice(database)
    assert (found.state, found.reason) == ("failed", "busy_line")
    assert states(database) == [("sms", "undelivered"), ("voice", "failed")]
