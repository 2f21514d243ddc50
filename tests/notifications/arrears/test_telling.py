"""What a reminder says at the moment at which it is sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from notifications import figures, notices
from notifications.arrears import pausing, sparing
from notifications.models import Notice
from runtime import clock
from service.arrangements.models import Arrangement
from service.models import Account, Bill, User
from tests.notifications.arrears.conftest import TODAY, Goes
from tests.service.builders import create_account, create_bill, create_customer, create_user


def _notice(session: Session, account: Account, kind: str, **params: str) -> Notice:
    key = f"{kind}:{account.account_no}:{params}"
    assert notices.tell(session, kind, key=key, account_no=account.account_no, params=params)
    return session.scalars(select(Notice).order_by(Notice.id.desc()).limit(1)).one()


def _read(session: Session, notice: Notice, language: str = "zh") -> dict[str, str] | None:
    [found] = figures.read(session, [notice], language)
    return found


def _late(session: Session, days: int, **fields: Any) -> tuple[User, Account]:
    user, account = create_customer(session)
    due = TODAY - timedelta(days=days)
    create_bill(session, account, **{"total_fen": 13200, "due": due, "period": "2026-10"} | fields)
    return user, account


def test_a_late_reminder_tells_the_sum_with_the_late_charge_of_today(
    session: Session, later: Goes
) -> None:
    """A resident pays 0.1 % a day: 132.00 yuan for 3 days are 0.396, rounded half up."""
    _user, account = _late(session, 3)
    notice = _notice(session, account, "arrears.late_3")
    assert _read(session, notice) == {
        "amount": "132.40",
        "principal": "132.00",
        "late": "0.40",
        "tail": account.account_no[-4:],
        "month": "10 月",
        "day": "12 月 5 日",
        "days": "3",
        "link": "http://localhost:8000/pay",
        "phone": "96000",
        "utility": "江城供电",
    }
    later(1)
    told = _read(session, notice, "en")
    assert told is not None
    assert (told["amount"], told["late"], told["days"]) == ("132.53", "0.53", "4")
    assert (told["day"], told["utility"]) == ("5 December", "Jiangcheng Power")


def test_a_shop_pays_more_and_still_more_after_the_end_of_the_year(session: Session) -> None:
    """TARIFFS 3: 0.2 % to 31 December, 0.3 % after it: 100.00 and 75.00 of 5,000.00 yuan."""
    account = create_account(session, kind="commercial")
    case = {"tariff": "demo-commercial-tou", "kwh": {"peak": "1000"}}
    due = date(2026, 12, 21)
    create_bill(session, account, "2026-11", case=case, total_fen=500000, due=due)
    notice = _notice(session, account, "arrears.late_15")
    with time_machine.travel(datetime(2027, 1, 5, 9, tzinfo=clock.BEIJING), tick=False):
        told = _read(session, notice)
    assert told is not None
    assert (told["late"], told["amount"], told["days"]) == ("175.00", "5,175.00", "15")


def test_the_day_is_that_of_china(session: Session) -> None:
    """At 16:00 UTC it is the next day there, and the charge of that day is owed."""
    _user, account = _late(session, 3)
    notice = _notice(session, account, "arrears.late_3")
    told = []
    for hour in (23, 24):
        at = datetime(2026, 12, 8, tzinfo=clock.BEIJING) + timedelta(hours=hour)
        with time_machine.travel(at, tick=False):
            told.append((_read(session, notice) or {})["days"])
    assert told == ["3", "4"]


def test_several_late_bills_are_told_together_from_the_oldest(session: Session) -> None:
    _user, account = _late(session, 33, period="2026-09", total_fen=10000)
    create_bill(session, account, "2026-10", total_fen=5000, due=TODAY - timedelta(days=3))
    create_bill(session, account, "2026-11", total_fen=9900, due=TODAY + timedelta(days=3))
    told = _read(session, _notice(session, account, "arrears.formal"))
    assert told is not None
    assert (told["principal"], told["late"], told["amount"]) == ("150.00", "3.45", "153.45")
    assert (told["month"], told["day"], told["days"]) == ("9 月–10 月", "11 月 5 日", "33")
    due = (TODAY + timedelta(days=3)).isoformat()
    before = _read(session, _notice(session, account, "arrears.before", due=due))
    assert before is not None
    assert (before["amount"], before["month"], before["days"]) == ("99.00", "11 月", "0")


@pytest.mark.parametrize(
    ("days", "kind", "params"),
    [
        (0, "arrears.late_3", {}),
        (1, "arrears.due", {}),
        (-1, "arrears.due", {}),
        (1, "arrears.before", {"due": "2026-12-07"}),
        (-9, "arrears.before", {"due": "2026-12-11"}),
    ],
)
def test_what_is_not_so_today_is_not_told(
    session: Session, days: int, kind: str, params: dict[str, str]
) -> None:
    _user, account = _late(session, days)
    assert _read(session, _notice(session, account, kind, **params)) is None


def test_a_call_and_a_copy_tell_what_their_rung_tells(session: Session) -> None:
    _user, account = _late(session, 7)
    wanted = _read(session, _notice(session, account, "arrears.late_7"))
    assert wanted is not None
    for kind in ("arrears.call", "arrears.helper"):
        assert _read(session, _notice(session, account, kind, rung="arrears.late_7")) == wanted


def test_of_a_part_paid_bill_the_rest_is_told_and_of_a_paid_one_nothing(session: Session) -> None:
    _user, account = _late(session, 10)
    notice, bill = _notice(session, account, "arrears.late_7"), session.scalars(select(Bill)).one()
    bill.settled_fen = 3200
    session.flush()
    told = _read(session, notice)
    assert told is not None
    assert (told["principal"], told["late"], told["amount"]) == ("100.00", "1.00", "101.00")
    bill.settled_fen = 13200
    session.flush()
    assert _read(session, notice) is None


def test_a_cancelled_bill_is_not_told(session: Session) -> None:
    _user, account = _late(session, 3)
    notice = _notice(session, account, "arrears.late_3")
    session.scalars(select(Bill)).one().status = "cancelled"
    session.flush()
    assert _read(session, notice) is None


@contextmanager
def _under_way(bill_no: str) -> Iterator[None]:
    def bills(_day: date) -> Select[str]:
        return select(Bill.bill_no).where(Bill.bill_no == bill_no)

    sparing.spare(bills)
    try:
        yield
    finally:
        sparing.leave(bills)


def test_nothing_is_told_while_the_money_is_under_way(session: Session) -> None:
    _user, account = _late(session, 3)
    notice = _notice(session, account, "arrears.late_3")
    with _under_way(session.scalars(select(Bill.bill_no)).one()):
        assert _read(session, notice) is None
    assert _read(session, notice) is not None


def test_an_arrangement_lets_reminders_rest(session: Session) -> None:
    user, account = _late(session, 7)
    notice = _notice(session, account, "arrears.late_7")
    session.add(
        Arrangement(
            account_no=account.account_no,
            user_id=user.id,
            kind="promise",
            state="active",
            total_fen=13200,
            late_fen=0,
            asked_at=clock.now(),
        )
    )
    session.flush()
    assert _read(session, notice) is None


def test_while_all_are_paused_none_is_told(session: Session) -> None:
    _user, account = _late(session, 3)
    lead = create_user(session, staff_role="lead")
    pausing.pause(session, "数据不对", by=lead.id)
    notice = _notice(session, account, "arrears.late_3")
    assert _read(session, notice) is None
    pausing.resume(session, "改好了", by=lead.id)
    assert _read(session, notice) is not None
