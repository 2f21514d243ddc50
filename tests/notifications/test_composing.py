"""Who is told on which channel and at which hour, and what of it becomes one message."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from notifications import composing, dispatching, figures, notices
from notifications.channels.base import Channel
from notifications.models import InboxMessage, Message, Notice
from notifications.preferences.settings import PreferenceSettings
from runtime.database import Database
from runtime.settings import load
from service.models import User
from tests.notifications.senders import Sender, sending_by
from tests.service import builders

pytestmark = pytest.mark.usefixtures("as_told")

NOON = datetime(2026, 12, 8, 4, tzinfo=UTC)
NIGHT = datetime(2026, 12, 8, 14, tzinfo=UTC)
BILL = {
    "amount": "149.51",
    "tail": "0817",
    "month": "11 月",
    "day": "12 月 20 日",
    "link": "https://denghuo.example/pay",
    "phone": "96000",
    "utility": "江城供电",
}
FORMAL = BILL | {"principal": "140.00", "late": "9.51", "days": "20"}


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def user(database: Database) -> int:
    with database.unit_of_work() as session:
        return builders.create_user(session, phone="13800002046").id


def tell(database: Database, user: int, name: str, key: str, **more: object) -> None:
    with database.unit_of_work() as session:
        told = {"params": BILL} | more
        notices.tell(session, name, key=key, user_id=user, **told)  # type: ignore[arg-type]


def kept(database: Database) -> list[Notice]:
    with database.reading() as session:
        return list(session.scalars(select(Notice).order_by(Notice.id)))


def messages(database: Database) -> list[Message]:
    with database.reading() as session:
        return list(session.scalars(select(Message).order_by(Message.id)))


def through() -> None:
    composing.compose()
    dispatching.dispatch("sms", 0)


def test_accounts_of_one_person_are_told_together(
    database: Database, sender: Sender, user: int
) -> None:
    for tail, amount in (("0817", "149.51"), ("0818", "1,020.49")):
        tell(database, user, "arrears.before", tail, params=BILL | {"tail": tail, "amount": amount})
    through()
    [said] = sender.words
    assert said[1].startswith("2 个户号的电费快到期了，一共 1,170.00 元。")
    [message] = messages(database)
    assert (message.kind, message.template) == ("arrears.before.many", "arrears_before_many_zh")
    assert [each.state for each in kept(database)] == ["told", "told"]


def test_different_things_become_a_digest(database: Database, sender: Sender, user: int) -> None:
    tell(database, user, "arrears.before", "a")
    tell(database, user, "arrears.early", "b")
    through()
    [said] = sender.words
    assert said[1].startswith("您有 2 条新消息")
    assert [each.kind for each in messages(database)] == ["digest"]


def test_what_no_longer_holds_leaves_the_other_alone(
    database: Database, sender: Sender, user: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(database, user, "arrears.before", "a")
    tell(database, user, "arrears.early", "b")
    composing.compose()
    paid = {"arrears.before": lambda _session, told, _language: [None for _ in told]}
    monkeypatch.setattr(figures, "_readers", paid)
    dispatching.dispatch("sms", 0)
    [said] = sender.words
    assert said[1].startswith("11 月电费 149.51 元")
    assert [(each.state, each.reason) for each in kept(database)] == [
        ("withdrawn", "no_longer"),
        ("told", None),
    ]


def test_a_kind_that_breaks_holds_up_no_other(
    database: Database, sender: Sender, user: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_session: Session, _told: object, _language: str) -> list[figures.Figures | None]:
        raise ZeroDivisionError

    with database.unit_of_work() as session:
        other = builders.create_user(session, phone="13800002047").id
    tell(database, user, "arrears.before", "a")
    tell(database, other, "arrears.early", "b")
    monkeypatch.setattr(figures, "_readers", {"arrears.before": broken})
    through()
    assert [phone for phone, _ in sender.words] == ["13800002047"]
    assert [(each.state, each.reason) for each in kept(database)] == [
        ("failed", "figures"),
        ("told", None),
    ]


def test_after_so_many_of_a_day_the_rest_waits(
    database: Database, sender: Sender, user: int
) -> None:
    most = load(PreferenceSettings).notice_daily_cap
    for number in range(most + 2):
        tell(database, user, "arrangement.decided", str(number), params=FORMAL | {"what": "x"})
        composing.compose()
    made, waiting = messages(database), [each for each in kept(database) if each.state == "waiting"]
    assert (len(made), len(waiting)) == (most, 2)
    assert {each.not_before for each in waiting} == {datetime(2026, 12, 9, 0, tzinfo=UTC)}


def test_what_is_urgent_goes_at_night_and_counts_for_nothing(
    database: Database, sender: Sender, user: int
) -> None:
    told = {"tail": "0817", "left": "3.20", "below": "50.00", "link": "https://denghuo.example/p"}
    with time_machine.travel(NIGHT, tick=False):
        for number in range(12):
            tell(database, user, "balance.spent", str(number), params=told)
        through()
    assert len(sender.taken) == 12


def test_what_the_law_owes_goes_on_all_channels_at_once(database: Database, user: int) -> None:
    sms, voice = Sender("one"), Sender("two", Channel.VOICE)
    with sending_by(sms, voice):
        tell(database, user, "arrears.formal", "a", params=FORMAL)
        composing.compose()
        for channel in ("sms", "voice"):
            dispatching.dispatch(channel, 0)
    assert [len(each.taken) for each in (sms, voice)] == [1, 1]
    assert [each.state for each in kept(database)] == ["told"]


def test_what_has_no_channel_is_told_by_the_inbox(database: Database, user: int) -> None:
    with sending_by():
        tell(database, user, "usage.unusual", "a", params={"x": "1"})
        composing.compose()
    [notice] = kept(database)
    assert (notice.state, notice.reason) == ("told", "inbox")
    assert messages(database) == []


def test_many_are_told_by_one_statement_and_find_it_in_their_inboxes(
    database: Database, sender: Sender, user: int
) -> None:
    with database.unit_of_work() as session:
        whom = select(
            literal("run").label("key"), User.id.label("user_id"), literal(None).label("account_no")
        )
        for _twice in range(2):
            notices.tell_all(session, "arrears.early", whom.subquery(), params=BILL)
    through()
    with database.reading() as session:
        [told] = session.scalars(select(InboxMessage))
    assert (told.user_id, told.key, told.kind) == (user, "run", "arrears.early")
    assert len(sender.taken) == 1


def test_a_holder_without_a_phone_cannot_be_told(database: Database, sender: Sender) -> None:
    with database.unit_of_work() as session:
        account = builders.create_account(session, phone="").account_no
        notices.tell(session, "arrears.early", key="k", account_no=account, params=BILL)
    composing.compose()
    assert [(each.state, each.reason) for each in kept(database)] == [("failed", "no_phone")]


def test_what_is_of_no_more_use_is_not_told(database: Database, sender: Sender, user: int) -> None:
    tell(database, user, "arrears.early", "a", expires_at=NOON + timedelta(hours=1))
    with time_machine.travel(NOON + timedelta(hours=2), tick=False):
        through()
    assert [each.state for each in kept(database)] == ["expired"]
    assert sender.taken == []


def test_who_has_left_is_told_nothing(database: Database, sender: Sender, user: int) -> None:
    tell(database, user, "arrears.early", "a")
    with database.unit_of_work() as session:
        session.get_one(User, user).disabled_at = NOON
    through()
    assert sender.taken == []
    assert [(each.state, each.reason) for each in kept(database)] == [("told", "inbox")]
