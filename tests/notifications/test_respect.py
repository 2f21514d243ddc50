"""What a person wants holds on every way that a message takes: together, later, and instead."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from sqlalchemy import literal, select, text

from notifications import composing, dead, dispatching, notices, reports, sweeping
from notifications.channels.base import Channel, Refused
from notifications.models import Message, Notice
from notifications.preferences import choosing
from notifications.preferences.links import unsubscribe_link
from notifications.preferences.models import MAIL_ADDRESS, MailAddress, NoticeChoice, NoticeHabit
from notifications.preferences.stopping import hear
from runtime.crypto import blind_index
from runtime.database import Database
from service.models import User
from service.people.models import WeChatFollower
from tests.notifications.senders import Sender, sending_by
from tests.service import builders

pytestmark = pytest.mark.usefixtures("as_told")

NOON = datetime(2026, 12, 8, 4, tzinfo=UTC)
EVENING = datetime(2026, 12, 8, 12, 30, tzinfo=UTC)  # 20:30 in Beijing
MORNING = datetime(2026, 12, 9, 0, tzinfo=UTC)
BILL = {
    "amount": "149.51",
    "principal": "140.00",
    "late": "9.51",
    "days": "20",
    "kwh": "287",
    "compared": "和上月差不多",
    "tail": "0817",
    "month": "11 月",
    "day": "12 月 20 日",
    "link": "https://denghuo.example/pay",
    "phone": "96000",
    "utility": "江城供电",
}


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def user(database: Database) -> int:
    with database.unit_of_work() as session:
        return builders.create_user(session, phone="13800002046").id


@pytest.fixture
def follower(database: Database, user: int) -> int:
    """Somebody who is told by WeChat first."""
    with database.unit_of_work() as session:
        session.add(
            WeChatFollower(
                user_id=user, openid="o-1", openid_index=b"1", talk_sha256=b"1", bound_at=NOON
            )
        )
    return user


@pytest.fixture
def wechat(sender: Sender) -> Iterator[Sender]:
    """Beside short messages: WeChat, which reports."""
    other = Sender("two", Channel.WECHAT)
    other.reports = True  # type: ignore[misc]
    with sending_by(sender, other):
        yield other


def tell(database: Database, user: int, name: str, key: str = "a") -> None:
    with database.unit_of_work() as session:
        notices.tell(session, name, key=key, user_id=user, params=BILL)


def opt_out(database: Database, user: int, topic: str, *channels: str) -> None:
    with database.unit_of_work() as session:
        session.add_all(
            NoticeChoice(user_id=user, topic=topic, channel=each, is_on=False) for each in channels
        )


def through(*channels: str) -> None:
    composing.compose()
    for channel in channels or ("sms",):
        dispatching.dispatch(channel, 0)


def states(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        rows = session.execute(select(Message.channel, Message.state).order_by(Message.id))
        return [tuple(each) for each in rows]


def test_a_digest_carries_nothing_that_was_opted_out_of(
    database: Database, sender: Sender, user: int
) -> None:
    opt_out(database, user, "bill", "sms")
    tell(database, user, "arrears.before", "a")
    tell(database, user, "bill.issued", "b")
    through()
    [said] = sender.words
    assert said[1].startswith("11 月电费 149.51 元")
    with database.reading() as session:
        told = session.execute(select(Notice.kind, Notice.reason).order_by(Notice.id)).all()
    assert told == [("arrears.before", None), ("bill.issued", "inbox")]


def test_what_nobody_wants_takes_nothing_wanted_with_it(
    database: Database, sender: Sender, user: int
) -> None:
    opt_out(database, user, "bill", "sms")
    tell(database, user, "bill.issued", "a")
    tell(database, user, "arrears.before", "b")
    through()
    assert len(sender.taken) == 1


def test_the_law_waits_for_nobody_s_own_quiet_hours(
    database: Database, sender: Sender, user: int
) -> None:
    with database.unit_of_work() as session:
        session.add(NoticeHabit(user_id=user, quiet_from=time(17), quiet_until=time(12)))
    with time_machine.travel(MORNING + timedelta(hours=1), tick=False):
        tell(database, user, "arrears.formal")
        through()
    assert len(sender.taken) == 1


def test_the_next_channel_waits_for_the_morning_too(
    database: Database, sender: Sender, wechat: Sender, follower: int
) -> None:
    with time_machine.travel(EVENING, tick=False):
        tell(database, follower, "arrears.before")
        through("wechat")
    with time_machine.travel(EVENING + timedelta(hours=2, minutes=1), tick=False):
        sweeping.sweep(0)
        dispatching.dispatch("sms", 0)
    assert (len(wechat.taken), len(sender.taken)) == (1, 0)
    with time_machine.travel(MORNING + timedelta(minutes=1), tick=False):
        dispatching.dispatch("sms", 0)
    assert len(sender.taken) == 1


def test_what_was_written_by_day_is_not_sent_by_night(
    database: Database, sender: Sender, user: int
) -> None:
    tell(database, user, "arrears.before")
    composing.compose()
    with time_machine.travel(EVENING + timedelta(hours=1), tick=False):
        dispatching.dispatch("sms", 0)
    assert sender.taken == []
    with database.reading() as session:
        [message] = session.scalars(select(Message))
    assert (message.state, message.not_before, message.attempts) == ("waiting", MORNING, 0)


def test_the_next_channel_is_none_that_was_opted_out_of_meanwhile(
    database: Database, sender: Sender, wechat: Sender, follower: int
) -> None:
    tell(database, follower, "arrears.before")
    through("wechat")
    opt_out(database, follower, "reminder", "sms")
    with time_machine.travel(NOON + timedelta(hours=2, minutes=1), tick=False):
        sweeping.sweep(0)
        dispatching.dispatch("sms", 0)
    assert sender.taken == []
    assert states(database) == [("wechat", "sent")]


@pytest.mark.parametrize(
    "names", [("arrears.before", "arrears.before"), ("arrears.before", "bill.issued")]
)
def test_several_in_one_go_on_to_the_next_channel_like_one(
    database: Database, sender: Sender, wechat: Sender, follower: int, names: tuple[str, ...]
) -> None:
    for number, name in enumerate(names):
        tell(database, follower, name, str(number))
    through("wechat")
    with time_machine.travel(NOON + timedelta(hours=2, minutes=1), tick=False):
        sweeping.sweep(0)
        dispatching.dispatch("sms", 0)
    assert (len(wechat.taken), len(sender.taken)) == (1, 1)


def test_what_arrives_neither_late_nor_instead_was_not_told(
    database: Database, sender: Sender, wechat: Sender, follower: int
) -> None:
    sender.fault = Refused("number")
    tell(database, follower, "arrears.before")
    through("wechat")
    with time_machine.travel(NOON + timedelta(hours=2, minutes=1), tick=False):
        sweeping.sweep(0)
        dispatching.dispatch("sms", 0)
        [said] = wechat.taken
        with database.unit_of_work() as session:
            reports.note(
                session, "two", reference=said.reference, delivered=False, reason="gone", at=NOON
            )
    assert states(database) == [("wechat", "undelivered"), ("sms", "failed")]
    with database.reading() as session:
        assert session.scalars(select(Notice.state)).all() == ["failed"]
        assert len(dead.letters(session, dead.Wanted())) == 1


def test_a_run_for_later_holds_up_nobody_who_tells_now(database: Database, user: int) -> None:
    later = {"not_before": NOON + timedelta(hours=1)}
    whom = select(
        literal("run").label("key"), User.id.label("user_id"), literal(None).label("account_no")
    )
    with database.unit_of_work() as run:
        notices.tell_all(run, "arrears.early", whom.subquery(), params=BILL, **later)
        with database.unit_of_work() as payment:
            payment.execute(text("SET LOCAL lock_timeout = '1s'"))
            assert notices.tell(payment, "bill.issued", key="p", user_id=user, params=BILL)
    sweeping.sweep(0)
    composing.compose()
    with database.reading() as session:
        told = session.execute(select(Notice.kind, Notice.state).order_by(Notice.kind)).all()
    assert [tuple(each) for each in told] == [
        ("arrears.early", "waiting"),
        ("bill.issued", "composed"),
    ]


def stop(database: Database, user: int, topic: str, channel: str) -> None:
    """As `opt_out`, by the one who was to be told, after it was composed."""
    with database.unit_of_work() as session:
        choosing.switch(session, user, [(topic, channel)], is_on=False)


def notice_states(database: Database) -> list[tuple[str, str | None]]:
    with database.reading() as session:
        rows = session.execute(select(Notice.state, Notice.reason).order_by(Notice.id))
        return [tuple(each) for each in rows]


def test_what_is_composed_and_no_longer_wanted_is_not_sent(
    database: Database, sender: Sender, user: int
) -> None:
    tell(database, user, "bill.issued")
    composing.compose()
    stop(database, user, "bill", "sms")
    through()
    assert (states(database), sender.taken) == ([("sms", "withdrawn")], [])
    assert notice_states(database) == [("told", "inbox")]


def test_it_goes_where_it_is_still_wanted(
    database: Database, sender: Sender, wechat: Sender, follower: int
) -> None:
    tell(database, follower, "bill.issued")
    composing.compose()
    stop(database, follower, "bill", "wechat")
    through("wechat", "sms")
    assert states(database) == [("wechat", "withdrawn"), ("sms", "sent")]
    assert (len(wechat.taken), len(sender.taken)) == (0, 1)


def test_what_the_law_owes_stays_on_every_channel(
    database: Database, sender: Sender, wechat: Sender, follower: int
) -> None:
    tell(database, follower, "arrears.formal")
    composing.compose()
    stop(database, follower, "bill", "wechat")
    through("sms", "wechat")
    assert states(database) == [("sms", "sent"), ("wechat", "sent")]


def test_of_several_in_one_message_the_others_go(
    database: Database, sender: Sender, user: int
) -> None:
    tell(database, user, "arrears.before", "a")
    tell(database, user, "bill.issued", "b")
    composing.compose()
    stop(database, user, "bill", "sms")
    through()
    assert [words[1][:12] for words in [sender.words[0]]] == ["11 月电费 149.51"[:12]]
    assert states(database) == [("sms", "withdrawn"), ("sms", "sent")]
    assert notice_states(database) == [("told", None), ("told", "inbox")]


def test_what_has_gone_another_way_is_not_told_again(
    database: Database, sender: Sender, wechat: Sender, follower: int
) -> None:
    """No report came of the first channel, and the second waits for the morning."""
    with time_machine.travel(EVENING, tick=False):
        tell(database, follower, "arrears.before")
        through("wechat")
    with time_machine.travel(EVENING + timedelta(hours=2, minutes=1), tick=False):
        sweeping.sweep(0)
        stop(database, follower, "reminder", "sms")
    with time_machine.travel(MORNING + timedelta(hours=1), tick=False):
        through("wechat", "sms")
    assert (len(wechat.taken), len(sender.taken)) == (1, 0)
    assert states(database) == [("wechat", "sent"), ("sms", "withdrawn")]
    assert notice_states(database) == [("told", None)]


def test_a_holder_who_wants_no_more_gets_nothing_that_waits(
    database: Database, sender: Sender
) -> None:
    with database.unit_of_work() as session:
        account = builders.create_account(session, phone="13900000001")
        notices.tell(session, "bill.issued", key="a", account_no=account.account_no, params=BILL)
    composing.compose()
    with database.unit_of_work() as session:
        hear(session, phone="13900000001", channel="sms", words="退订", at=NOON)
    through()
    assert (states(database), sender.taken) == ([("sms", "withdrawn")], [])
    assert notice_states(database) == [("failed", "stopped")]


@pytest.mark.parametrize(
    ("kinds", "topic"),
    [
        (["bill.issued"], "bill"),
        (["arrears.before", "bill.issued"], "all"),
        (["arrears.formal"], None),
    ],
)
def test_a_letter_says_where_what_it_is_about_ends(
    database: Database, user: int, kinds: list[str], topic: str | None
) -> None:
    address = "a@denghuo.example"
    index = blind_index(address, MAIL_ADDRESS)
    with database.unit_of_work() as session:
        row = MailAddress(user_id=user, address=address, address_index=index)
        row.confirmed_at, row.sent_at = NOON, NOON
        session.add_all([row, NoticeHabit(user_id=user, channels=["mail"])])
    mail = Sender("post", Channel.MAIL)
    with sending_by(mail):
        for each in kinds:
            tell(database, user, each, each)
        through("mail")
    [letter] = mail.taken
    assert letter.unsubscribe == (unsubscribe_link(user, topic) if topic else "")
