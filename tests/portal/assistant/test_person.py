"""Who is talking, reminders, large print, and asking for a person."""

from collections.abc import Iterator

import pytest
import time_machine
from sqlalchemy import select, update

from payments.thresholds.models import BalanceThreshold
from runtime.database import Database
from service.conversations import Conversation, Handoff, hours
from service.models import User
from tests.portal.assistant.conftest import HOME, Asker
from tests.portal.places import move_in

SHOP = "420022660318"


@pytest.fixture
def shop(customer: Asker, database: Database) -> str:
    """An account that pays ahead."""
    with database.unit_of_work() as session:
        assert customer.user is not None
        ahead = {"settlement": "prepaid", "address": "码头路 21 号", "kind": "commercial"}
        return move_in(
            session, customer.user, account_no=SHOP, balance_fen=-8640, **ahead
        ).account_no


@pytest.fixture
def evening() -> Iterator[None]:
    """Nine in the evening in China, an hour after the desk has closed."""
    with time_machine.travel("2026-12-11T13:00:00Z", tick=False):
        yield


@pytest.mark.usefixtures("december")
def test_who_is_talking(customer: Asker, shop: str) -> None:
    assert customer.get("/context").json == {
        "signed_in": True,
        "language": "zh",
        "channel": "web",
        "elder": False,
        "today": "2026-12-11",
        "greeting_name": None,
        "hotline": "96000",
        "utility": "江城供电",
        "desk": {"open": True, "opens": "08:00", "closes": "20:00", "words": "每天 08:00–20:00"},
        "accounts": [
            {
                "account_no": HOME,
                "label": "家里",
                "tail": "5603",
                "address": "梧桐里 12 栋 502",
                "kind": "residential",
                "prepaid": False,
                "helper": False,
            },
            {
                "account_no": SHOP,
                "label": "码头路 21 号",
                "tail": "0318",
                "address": "码头路 21 号",
                "kind": "business",
                "prepaid": True,
                "helper": False,
            },
        ],
        "account_count": 2,
    }


@pytest.mark.usefixtures("evening")
def test_somebody_who_is_not_signed_in(stranger: Asker, database: Database) -> None:
    with database.unit_of_work() as session:
        session.execute(update(Conversation).values(channel="wechat"))
    found = stranger.get("/context", "en").json
    assert (found["signed_in"], found["accounts"], found["account_count"]) == (False, [], 0)
    assert (found["greeting_name"], found["channel"]) == (None, "wechat")
    assert found["utility"] == "Jiangcheng Power"
    assert found["desk"]["open"] is False
    assert found["desk"]["words"] == "08:00–20:00 every day"


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("王建华", None),
        ("Mary Smith", "Mary"),
        ("江城清和茶业有限公司", None),
        (None, None),
        ("  ", None),
    ],
)
def test_how_somebody_is_called(
    customer: Asker, database: Database, name: str | None, called: str | None
) -> None:
    """Never by a whole name."""
    with database.unit_of_work() as session:
        session.execute(update(User).values(name=name))
    assert customer.get("/context").json["greeting_name"] == called


def test_many_accounts(customer: Asker, database: Database) -> None:
    with database.unit_of_work() as session:
        assert customer.user is not None
        for number in range(14):
            move_in(session, customer.user, account_no=f"4200118800{number:02}")
    found = customer.get("/context").json
    assert (len(found["accounts"]), found["account_count"]) == (12, 15)


def test_a_reminder_on_and_off(customer: Asker, shop: str, database: Database) -> None:
    off = customer.get("/reminders").json
    assert off == {
        "reminders": [
            {"kind": "low_balance", "on": False, "words": "码头路 21 号余额低了不发短信"}
        ],
        "sentence": "码头路 21 号余额低了不发短信。",
    }
    on = customer.post("/reminders", {"kind": "low_balance", "on": True, "threshold_fen": 8000})
    assert on.json["sentence"] == "码头路 21 号余额低于 ¥80.00 时发短信。"
    assert customer.get("/reminders").json == on.json
    again = customer.post("/reminders", {"kind": "low_balance", "on": True, "account_no": SHOP})
    assert again.json == on.json  # the sum that was set stays
    assert customer.post("/reminders", {"kind": "low_balance", "on": False}).json == off
    with database.reading() as session:
        assert session.scalar(select(BalanceThreshold.below_fen)) is None
    usual = customer.post("/reminders", {"kind": "low_balance", "on": True}).json
    assert usual["sentence"] == "码头路 21 号余额低于 ¥50.00 时发短信。"


def test_reminders_that_there_are_not(customer: Asker) -> None:
    none = customer.get("/reminders").json
    assert none == {
        "reminders": [],
        "sentence": "您的户号都是先用电后缴费，没有余额要提醒。",
    }
    for told, code in (
        ({"kind": "low_balance", "on": True}, "threshold.postpaid"),
        ({"kind": "low_balance", "on": True, "account_no": HOME}, "threshold.postpaid"),
        ({"kind": "outages", "on": True}, "malformed"),
    ):
        answer = customer.post("/reminders", told)
        assert (answer.status_code, answer.json["code"]) == (400, code)


def test_a_sum_that_says_nothing(customer: Asker, shop: str) -> None:
    told = {"kind": "low_balance", "on": True, "threshold_fen": 99}
    answer = customer.post("/reminders", told)
    assert (answer.status_code, answer.json["code"]) == (400, "threshold.out_of_range")
    assert answer.json["sentence"] == "提醒的数从 ¥1.00 到 ¥10,000.00。"
    assert customer.get("/reminders").json["reminders"][0]["on"] is False


def test_of_two_accounts_that_pay_ahead_one_is_meant(
    customer: Asker, shop: str, database: Database
) -> None:
    with database.unit_of_work() as session:
        assert customer.user is not None
        move_in(session, customer.user, account_no="420011880001", settlement="prepaid")
    answer = customer.post("/reminders", {"kind": "low_balance", "on": True})
    assert (answer.status_code, answer.json["code"]) == (409, "account.which")
    assert [each["account_no"] for each in answer.json["accounts"]] == [SHOP, "420011880001"]


def test_large_print(customer: Asker, database: Database) -> None:
    on = customer.post("/elder", {"on": True}).json
    assert on == {"on": True, "sentence": "大字打开了，下一页起就是大字。"}
    assert customer.get("/context").json["elder"] is True
    off = customer.post("/elder", {"on": False}, "en").json
    assert off == {"on": False, "sentence": "Large print is off, from the next page."}
    with database.reading() as session:
        assert session.scalar(select(User.elder_mode)) is False


ASKED = {"reason": "asked", "summary": "要问 10 月账单"}


@pytest.mark.usefixtures("december")
def test_a_person_while_the_desk_is_open(
    customer: Asker, neighbour: Asker, database: Database
) -> None:
    first = customer.post("/handoff", ASKED).json
    assert first == {
        "state": "waiting",
        "ahead": 0,
        "minutes": None,
        "opens_words": None,
        "sentence": "已经为您转人工，下一位就是您。",
    }
    second = neighbour.post("/handoff", ASKED).json
    assert (second["state"], second["ahead"]) == ("waiting", 1)
    assert second["sentence"] == "已经为您转人工，前面还有 1 位。"
    again = customer.post("/handoff", ASKED).json
    assert (again["state"], again["sentence"]) == ("already", "已经在排队了，下一位就是您。")
    with database.reading() as session:
        assert len(session.scalars(select(Handoff.id)).all()) == 2
        held = session.scalars(select(Conversation.held_by)).all()
        assert set(held) == {"waiting"}


@pytest.mark.usefixtures("evening")
def test_a_call_back_in_the_evening(customer: Asker, stranger: Asker, database: Database) -> None:
    """The own phone is known; whoever is not signed in is asked for one."""
    found = customer.post("/handoff", ASKED).json
    assert (found["state"], found["opens_words"]) == ("callback", "12 月 12 日 08:00")
    assert found["sentence"] == "现在没有人值班，12 月 12 日 08:00 上班后给您回电话。"
    answer = stranger.post("/handoff", ASKED)
    assert (answer.status_code, answer.json["code"]) == (400, "handoff.phone_needed")
    bad = stranger.post("/handoff", {**ASKED, "phone": "110"})
    assert (bad.status_code, bad.json["code"]) == (400, "user.number_malformed")
    told = stranger.post("/handoff", {**ASKED, "phone": "139 1111 2222"}).json
    assert told["state"] == "callback"
    with database.reading() as session:
        phones = set(session.scalars(select(Handoff.phone)))
        assert phones == {"13800002046", "13911112222"}


def test_the_desk_is_open_as_it_is_set() -> None:
    assert f"{hours.desk_settings().desk_opens:%H:%M}" == "08:00"
