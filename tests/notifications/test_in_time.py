"""What several messages carry is over when the last of them is; what the law owes, aloud."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from notifications import composing, dead, dispatching, notices, reports, sweeping
from notifications.channels.base import Busy, Channel, Refused
from notifications.dead import Wanted
from notifications.events import LegalNoticeFailed, LegalNoticeTold
from notifications.models import Message, Notice
from runtime import events
from runtime.database import Database
from service.people.models import WeChatFollower
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
def ways() -> Iterator[dict[str, Sender]]:
    """Short messages, WeChat and calls, which all report."""
    senders = {"sms": Sender("one"), "wechat": Sender("two", Channel.WECHAT)}
    senders["voice"] = Sender("three", Channel.VOICE)
    for each in senders.values():
        each.reports = True  # type: ignore[misc]
    with sending_by(*senders.values()):
        yield senders


@pytest.fixture
def said() -> Iterator[list[object]]:
    """What is said to others of the law's notices."""
    heard: list[object] = []

    def hear(_session: object, event: object) -> None:
        heard.append(type(event))

    with events.subscribed(LegalNoticeFailed, hear), events.subscribed(LegalNoticeTold, hear):
        yield heard


@pytest.fixture
def told(database: Database, clock: time_machine.Traveller, ways: dict[str, Sender]) -> None:
    """The law's notice of arrears to somebody who is reached on all of these."""
    with database.unit_of_work() as session:
        user = builders.create_user(session, phone="13800002046")
        tell = {"key": "k", "user_id": user.id, "params": FORMAL}
        session.add(
            WeChatFollower(
                user_id=user.id, openid="o-1", openid_index=b"1", talk_sha256=b"1", bound_at=NOON
            )
        )
        notices.tell(session, "arrears.formal", **tell)  # type: ignore[arg-type]
    composing.compose()


def end(database: Database, *channels: str, at: datetime = NOON) -> None:
    """These messages are of use until then."""
    with database.unit_of_work() as session:
        theirs = Message.channel.in_(channels)
        session.execute(update(Message).where(theirs).values(expires_at=at))


def states(database: Database) -> dict[str, str]:
    with database.reading() as session:
        rows = session.execute(select(Message.channel, Message.state))
        return {row.channel: row.state for row in rows}


def notice(database: Database) -> str:
    with database.reading() as session:
        return session.scalars(select(Notice.state)).one()


@pytest.mark.usefixtures("told")
def test_what_was_refused_here_and_expires_there_is_over(
    database: Database, ways: dict[str, Sender], said: list[object]
) -> None:
    for name in ("sms", "voice"):
        ways[name].fault = Refused("blocked")
        dispatching.dispatch(name, 0)
    assert notice(database) == "composed"
    end(database, "wechat")
    sweeping.sweep(0)
    assert states(database) == {"sms": "failed", "voice": "failed", "wechat": "expired"}
    assert (notice(database), said) == ("expired", [LegalNoticeFailed])


@pytest.mark.usefixtures("told")
def test_one_that_expires_leaves_it_to_another_which_tells_it(
    database: Database, ways: dict[str, Sender], said: list[object]
) -> None:
    end(database, "sms", "wechat")
    dispatching.dispatch("sms", 0)
    sweeping.sweep(0)
    assert notice(database) == "composed"
    dispatching.dispatch("voice", 0)
    assert states(database) == {"sms": "expired", "wechat": "expired", "voice": "sent"}
    assert (notice(database), said) == ("told", [LegalNoticeTold])


@pytest.mark.usefixtures("told")
def test_what_arrived_after_all_is_told_though_it_was_over(
    database: Database, ways: dict[str, Sender], said: list[object]
) -> None:
    ways["wechat"].fault = ways["voice"].fault = Busy("throttled")
    for name in ("sms", "wechat", "voice"):
        dispatching.dispatch(name, 0)
    number = f"no-{ways['sms'].taken[0].reference}"
    _report(database, number, delivered=False)
    end(database, "wechat", "voice")
    sweeping.sweep(0)
    assert (notice(database), said) == ("expired", [LegalNoticeTold, LegalNoticeFailed])
    _report(database, number, delivered=True)
    assert (notice(database), said[2:]) == ("told", [LegalNoticeTold])


def _report(database: Database, number: str, *, delivered: bool) -> None:
    with database.unit_of_work() as session:
        reports.note(session, "one", provider_no=number, delivered=delivered, reason="off", at=NOON)


@pytest.mark.usefixtures("told")
def test_the_last_that_fails_is_a_dead_letter_when_the_first_has_expired(
    database: Database, ways: dict[str, Sender], said: list[object]
) -> None:
    end(database, "sms", "wechat")
    sweeping.sweep(0)
    ways["voice"].fault = Refused("blocked")
    dispatching.dispatch("voice", 0)
    with database.reading() as session:
        [letter] = dead.letters(session, Wanted())
    assert (letter.channel, notice(database)) == ("voice", "failed")
    assert said == [LegalNoticeFailed]


def test_a_later_channel_that_expires_does_not_unsay_what_the_first_has_told(
    database: Database, clock: time_machine.Traveller, ways: dict[str, Sender]
) -> None:
    with database.unit_of_work() as session:
        user = builders.create_user(session, phone="13800002046")
        tell = {"key": "k", "user_id": user.id, "params": FORMAL}
        notices.tell(session, "arrears.late_15", **tell)  # type: ignore[arg-type]
    composing.compose()
    dispatching.dispatch("sms", 0)
    clock.shift(timedelta(hours=2))
    sweeping.sweep(0)
    assert states(database) == {"sms": "sent", "voice": "waiting"}
    end(database, "voice")
    sweeping.sweep(0)
    assert states(database) == {"sms": "sent", "voice": "expired"}
    assert notice(database) == "told"


@pytest.mark.usefixtures("told", "ways")
def test_what_the_inbox_has_told_since_stays_told(database: Database) -> None:
    with database.unit_of_work() as session:
        session.execute(update(Notice).values(state="told", reason="inbox", message_id=None))
    end(database, "sms", "wechat", "voice")
    sweeping.sweep(0)
    assert set(states(database).values()) == {"expired"}
    assert notice(database) == "told"
