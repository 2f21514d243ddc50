"""Money that goes back: never more than came, once, and bills and late charges follow."""

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.billing import late, ledger, settlement
from core.billing.adjustments import adjust
from core.billing.postings import Payment, post
from core.billing.reversals import Reversed, Withdrawal, reverse
from core.models import Account, Bill, LateCharge, LedgerEntry, Posting, Reversal, ServicePoint
from runtime.database import Database
from runtime.errors import Conflict, NotFound, Refused
from tests.core.builders import all_changes, create_account, create_bill, create_service_point

IN_TIME = datetime(2026, 10, 10, 4, tzinfo=UTC)
DUE = date(2026, 10, 16)


def days_late(days: int) -> datetime:
    """Noon in China, so many days after the due day."""
    return datetime(DUE.year, DUE.month, DUE.day, 4, tzinfo=UTC) + timedelta(days=days)


def pay(
    session: Session, account: Account, fen: int, paid_at: datetime = IN_TIME, *bills: str
) -> Posting:
    count = session.scalar(select(func.count()).select_from(Posting))
    payment = Payment(account.account_no, fen, "wechat", "ORDER-1", paid_at, bills)
    return post(session, payment, f"payment-{count}").posting


def back(session: Session, posting: Posting, fen: int, key: str = "back-1") -> Reversed:
    return reverse(session, Withdrawal(posting.posting_no, fen, "wrong_account", "ORDER-1"), key)


def entries(session: Session, *kinds: str) -> list[tuple[str, str, int]]:
    """Ledger entries of these kinds, in their order."""
    rows = session.execute(
        select(LedgerEntry.kind, LedgerEntry.reference, LedgerEntry.amount_fen)
        .where(LedgerEntry.kind.in_(kinds))
        .order_by(LedgerEntry.id)
    )
    return [tuple(row) for row in rows]


@pytest.fixture
def account(session: Session) -> Account:
    return create_account(session)


@pytest.fixture
def point(session: Session, account: Account) -> ServicePoint:
    return create_service_point(session, account)


def test_a_bill_that_was_paid_is_owed_again(
    session: Session, account: Account, point: ServicePoint
) -> None:
    bill = create_bill(session, point, 12_345)
    posting = pay(session, account, 12_345)
    done = back(session, posting, 12_345)
    assert (done.replayed, done.reversal.reversal_no) == (False, "R000000000001")
    assert done.reversal.allocations == [
        {"bill_no": bill.bill_no, "principal_fen": 12_345, "late_fee_fen": 0}
    ]
    assert (bill.settled_fen, bill.settled_at, bill.status) == (0, None, "issued")
    assert posting.reversed_fen == 12_345
    assert ledger.balance_fen(session, account.id) == 12_345
    assert entries(session, "reversal") == [("reversal", "R000000000001", 12_345)]


def test_unspent_credit_goes_back_before_any_bill(
    session: Session, account: Account, point: ServicePoint
) -> None:
    bill = create_bill(session, point, 1_000)
    posting = pay(session, account, 5_000)
    done = back(session, posting, 4_000)
    assert (done.reversal.credit_fen, done.reversal.allocations) == (4_000, [])
    assert (bill.settled_fen, ledger.balance_fen(session, account.id)) == (1_000, 0)
    assert back(session, posting, 300, "back-2").reversal.credit_fen == 0
    assert (bill.settled_fen, ledger.balance_fen(session, account.id)) == (700, 300)


def test_the_bill_that_was_settled_last_is_opened_first(
    session: Session, account: Account, point: ServicePoint
) -> None:
    later = create_bill(session, point, 1_000, "2026-09")
    earlier = create_bill(session, point, 1_000, "2026-08", due=date(2026, 10, 12))
    posting = pay(session, account, 1_500)
    back(session, posting, 700)
    assert (earlier.settled_fen, later.settled_fen) == (800, 0)


def test_bills_of_the_posting_are_opened_before_others_and_no_further_than_it_settled_them(
    session: Session, account: Account, point: ServicePoint
) -> None:
    both = create_bill(session, point, 1_000, "2026-08", due=date(2026, 10, 12))
    own = create_bill(session, point, 1_000, "2026-09")
    pay(session, account, 700)
    posting = pay(session, account, 1_300)
    pay(session, account, 500)
    back(session, posting, 500)  # the credit that came later
    assert (both.settled_fen, own.settled_fen) == (1_000, 1_000)
    back(session, posting, 800, "back-2")
    assert (both.settled_fen, own.settled_fen) == (1_000, 200)


def test_money_that_was_credit_opens_what_the_credit_settled(
    session: Session, account: Account, point: ServicePoint
) -> None:
    posting = pay(session, account, 1_000)
    bill = create_bill(session, point, 800)
    settlement.use_credit(session, account, IN_TIME)
    assert bill.settled_fen == 800
    done = back(session, posting, 1_000)
    assert (done.reversal.credit_fen, bill.settled_fen) == (200, 0)
    assert ledger.balance_fen(session, account.id) == 800


def test_what_a_debit_took_is_owed_beside_the_bills(session: Session, account: Account) -> None:
    posting = pay(session, account, 500)
    adjust(session, account.account_no, 500, "Meter damaged", "desk", "debit")
    done = back(session, posting, 500)
    assert (done.reversal.credit_fen, done.reversal.allocations) == (0, [])
    assert ledger.balance_fen(session, account.id) == 500
    assert settlement.credit_fen(session, account.id) == 0
