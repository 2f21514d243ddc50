"""A new bill is told once to whoever pays, with what it says at the moment of sending."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from notifications import bills, figures
from runtime import clock
from service.events import BillsIssued
from tests.notifications.said import assert_said_everywhere, notices
from tests.service.builders import (
    create_account,
    create_bill,
    create_customer,
    create_link,
    create_user,
)


def _issued(*numbers: str) -> BillsIssued:
    return BillsIssued(plain=numbers, estimated=(), corrected=())


def _bill(session: Session, account, period="2026-10", **fields):  # type: ignore[no-untyped-def]
    return create_bill(session, account, period, issued_at=clock.now(), **fields)


def test_whoever_pays_reads_month_sum_and_day(session: Session) -> None:
    _user, account = create_customer(session, account_no="420011870042")
    bill = _bill(session, account, wh=286_000, total_fen=14951)
    bills.on_issued(session, _issued(bill.bill_no))
    (told,) = figures.read(session, notices(session, "bill.issued"), "zh")
    assert told == {
        "month": "10 月",
        "amount": "149.51",
        "before": "149.51",
        "kwh": "286",
        "day": "11 月 18 日",
        "compared": "这是第一张账单",
        "tail": "0042",
        "link": f"http://localhost:8000/bills/{bill.bill_no}",
        "phone": "96000",
        "utility": "江城供电",
    }
    (in_english,) = figures.read(session, notices(session, "bill.issued"), "en")
    assert in_english is not None
    assert (in_english["month"], in_english["day"]) == ("October", "18 November")
    assert_said_everywhere(session, "bill.issued")


def test_payers_are_told_and_helpers_are_not(session: Session) -> None:
    owner, account = create_customer(session)
    payer, helper = create_user(session), create_user(session)
    create_link(session, payer, account, "payer")
    create_link(session, helper, account, "family_helper")
    bills.on_issued(session, _issued(_bill(session, account).bill_no))
    assert {each.user_id for each in notices(session, "bill.issued")} == {owner.id, payer.id}


def test_an_account_that_nobody_is_linked_to_is_told_by_its_phone(session: Session) -> None:
    account = create_account(session)
    bills.on_issued(session, _issued(_bill(session, account).bill_no))
    (notice,) = notices(session, "bill.issued")
    assert (notice.user_id, notice.account_no) == (None, account.account_no)


def test_the_same_bill_twice_is_one_notice(session: Session) -> None:
    _user, account = create_customer(session)
    event = _issued(_bill(session, account).bill_no)
    bills.on_issued(session, event)
    bills.on_issued(session, event)
    assert len(notices(session, "bill.issued")) == 1


def test_a_bill_of_long_ago_is_no_news(session: Session) -> None:
    _user, account = create_customer(session)
    old = create_bill(session, account, issued_at=clock.now() - timedelta(days=3))
    bills.on_issued(session, _issued(old.bill_no))
    assert notices(session, "bill.issued") == []


def test_a_bill_that_was_cancelled_meanwhile_says_nothing(session: Session) -> None:
    _user, account = create_customer(session)
    bill = _bill(session, account)
    bills.on_issued(session, _issued(bill.bill_no))
    bill.status = "cancelled"
    session.flush()
    assert figures.read(session, notices(session, "bill.issued"), "zh") == [None]


@pytest.mark.parametrize(
    ("earlier", "words"),
    [
        ({"2025-10": 274_000, "2026-09": 300_000}, "比去年同月多 12 度"),
        ({"2026-09": 300_000}, "比上个月少 14 度"),
        ({"2026-09": 286_200}, "和以前差不多"),
        ({}, "这是第一张账单"),
    ],
)
def test_it_stands_beside_a_year_ago_or_the_last_month(
    session: Session, earlier: dict[str, int], words: str
) -> None:
    _user, account = create_customer(session)
    for period, wh in earlier.items():
        create_bill(session, account, period, wh=wh)
    bill = _bill(session, account, wh=286_000)
    bills.on_issued(session, _issued(bill.bill_no))
    (told,) = figures.read(session, notices(session, "bill.issued"), "zh")
    assert told is not None
    assert told["compared"] == words


def test_estimates_and_corrections_have_words_of_their_own(session: Session) -> None:
    _user, account = create_customer(session)
    create_bill(session, account, "2026-10", status="cancelled", total_fen=15_000)
    right = _bill(session, account, "2026-10", revision=1, total_fen=14_000)
    guessed = _bill(session, account, "2026-11", estimated=True, total_fen=13_000)
    bills.on_issued(
        session, BillsIssued(plain=(), estimated=(guessed.bill_no,), corrected=(right.bill_no,))
    )
    (told,) = figures.read(session, notices(session, "bill.corrected"), "zh")
    assert told is not None
    assert (told["before"], told["amount"]) == ("150.00", "140.00")
    for kind in ("bill.estimated", "bill.corrected"):
        assert_said_everywhere(session, kind)
