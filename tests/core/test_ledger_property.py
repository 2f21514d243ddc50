"""Whatever happens to an account, its balance is the sum of what happened, and bills agree."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing import late, ledger, settlement
from core.billing.adjustments import adjust
from core.billing.postings import Payment, post
from core.billing.rebills import rebill
from core.billing.reversals import Withdrawal, reverse
from core.billing.runs import run_bills
from core.models import Account, Adjustment, Bill, LateCharge, LedgerEntry, Meter, Posting, Reversal
from core.settings import BillingSettings
from rating import Late
from runtime.database import Database
from tests.core.builders import create_home, record_use

PERIODS = ("2026-06", "2026-07", "2026-08", "2026-09")
RULES = BillingSettings(core_anomaly_wh_per_day=10**9)

pay = st.tuples(st.just("pay"), st.integers(1, 40_000), st.integers(0, 150))
adjustment = st.tuples(st.just("adjust"), st.integers(-20_000, 20_000).filter(bool), st.just(0))
bill = st.tuples(st.just("bill"), st.integers(0, 300), st.integers(0, 100))
correct = st.tuples(st.just("rebill"), st.integers(0, 3), st.integers(0, 300))
back = st.tuples(st.just("reverse"), st.integers(0, 5), st.integers(1, 100))
steps = st.lists(st.one_of(pay, adjustment, bill, correct, back), min_size=1, max_size=14)


@pytest.fixture(autouse=True)
def _november() -> Iterator[None]:
    with time_machine.travel("2026-11-20T00:00:00Z", tick=False):
        yield


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(steps)
def test_the_balance_is_always_the_sum(
    database: Database, steps: list[tuple[str, int, int]]
) -> None:
    with database.unit_of_work() as session:
        account, _, meter = create_home(session)
    for number, (kind, first, second) in enumerate(steps):
        act(database, account, meter, number, kind, first, second)
        with database.unit_of_work() as session:
            check(session, account)


def act(
    database: Database,
    account: Account,
    meter: Meter,
    number: int,
    kind: str,
    first: int,
    second: int,
) -> None:
    key = f"{account.account_no}-{number}"
    if kind == "bill":
        bill_next_month(database, account, meter, first, second)
        return
    with database.unit_of_work() as session:
        if kind == "pay":
            paid_at = datetime(2026, 6, 20, tzinfo=UTC) + timedelta(days=second)
            post(session, Payment(account.account_no, first, "wechat", key, paid_at), key)
        elif kind == "adjust":
            adjust(session, account.account_no, first, "test", "desk", key)
        elif kind == "reverse":
            take_back(session, account, first, second, key)
        else:
            correct_a_month(session, account, meter, first, second)


def take_back(session: Session, account: Account, which: int, percent: int, key: str) -> None:
    """A share of what is left of a posting goes back, the whole of it now and then."""
    postings = session.scalars(
        select(Posting)
        .where(Posting.account_id == account.id, Posting.reversed_fen < Posting.amount_fen)
        .order_by(Posting.id)
    ).all()
    if which < len(postings):
        posting = postings[which]
        left = posting.amount_fen - posting.reversed_fen
        amount = left if percent > 60 else -(-left * percent // 100)
        reverse(session, Withdrawal(posting.posting_no, amount, "test", posting.order_no), key)


def bill_next_month(
    database: Database, account: Account, meter: Meter, quarter_wh: int, export_wh: int
) -> None:
    with database.unit_of_work() as session:
        done = session.scalars(select(Bill.period).where(Bill.account_id == account.id)).all()
        left = [period for period in PERIODS if period not in done]
        if left:
            record_use(session, meter, left[0], quarter_wh, export_wh)
    if left:
        month = date.fromisoformat(f"{left[0]}-01")
        run_bills(database, left[0], month + timedelta(days=33), RULES)


def correct_a_month(
    session: Session, account: Account, meter: Meter, which: int, quarter_wh: int
) -> None:
    live = session.scalars(
        select(Bill)
        .where(Bill.account_id == account.id, Bill.status == "issued")
        .order_by(Bill.period)
    ).all()
    if which < len(live):
        record_use(session, meter, live[which].period, quarter_wh, 0)
        rebill(session, live[which].bill_no, RULES)


def check(session: Session, account: Account) -> None:
    balance = ledger.balance_fen(session, account.id)
    live = select(Bill).where(Bill.account_id == account.id, Bill.status == "issued")
    bills = session.scalars(live).all()
    charges = charges_of(session, account)
    taken = sum(charge.fee_fen for charge, _ in charges if charge.taken)
    returned = sum(charge.returned_fen for charge, _ in charges)
    adjustments = session.scalars(
        select(Adjustment.amount_fen).where(Adjustment.account_id == account.id)
    ).all()
    billed = sum(bill.total_fen for bill in bills)
    money = kept(session, account)
    assert balance == total(session, LedgerEntry.amount_fen, LedgerEntry.account_id == account.id)
    assert balance == billed + taken - returned + sum(adjustments) - money
    for each in bills:
        assert min(0, each.total_fen) <= each.settled_fen <= each.total_fen
        assert (each.settled_at is not None) == (each.settled_fen == each.total_fen)
    open_bills = settlement.outstanding(session, account.id)
    owed = sum(bill.total_fen - bill.settled_fen for bill in open_bills)
    credit = settlement.credit_fen(session, account.id)
    assert balance == owed - credit or not credit
    assert not (credit and open_bills)
    assert balance - owed <= owed_beside(session, account, charges) + sum(
        fen for fen in adjustments if fen > 0
    )
    check_charges(session, account, charges, bills)


def owed_beside(session: Session, account: Account, charges: list[tuple[LateCharge, Bill]]) -> int:
    """What corrected bills leave to be owed beside the bills, at most.

    Late charges taken stay taken, and what a bill below nothing gave is taken back with it.
    """
    taken = sum(
        charge.fee_fen - charge.returned_fen
        for charge, bill in charges
        if charge.taken and bill.status == "cancelled"
    )
    gave = total(
        session,
        -Bill.total_fen,
        (Bill.account_id == account.id) & (Bill.status == "cancelled") & (Bill.total_fen < 0),
    )
    return taken + gave


def check_charges(
    session: Session,
    account: Account,
    charges: list[tuple[LateCharge, Bill]],
    bills: Sequence[Bill],
) -> None:
    """No part of a bill bears two charges, and what is charged is taken, carried or waits."""
    for bill in bills:
        own = [charge for charge, of in charges if of is bill]
        bearing = min(bill.settled_fen, max(0, bill.total_fen - bill.late_fen))
        assert sum(each.arrears_fen - each.reopened_fen for each in own) <= max(0, bearing)
        for each in own:
            rest = each.arrears_fen - each.reopened_fen
            left = each.fee_fen - each.returned_fen
            assert fee(bill, each, rest - 1) <= left <= fee(bill, each, rest)
    lines = sum(
        line["amount_fen"]
        for bill in bills
        for line in bill.lines
        if line["code"].startswith("late_fee")
    )
    carried = session.scalars(
        select(LateCharge.fee_fen)
        .join(Bill, Bill.id == LateCharge.billed_on_id)
        .where(Bill.account_id == account.id)
    ).all()
    assert lines == sum(carried)


def fee(bill: Bill, charge: LateCharge, arrears_fen: int) -> int:
    """What is charged on so much of a bill, from and to the days of a charge."""
    arrears = max(0, arrears_fen)
    return late.late_fen(bill.tariff, bill.period, Late(arrears, charge.due, charge.paid))


def charges_of(session: Session, account: Account) -> list[tuple[LateCharge, Bill]]:
    """The late charges that arose on the account's bills, each with its bill."""
    rows = session.execute(
        select(LateCharge, Bill)
        .join(Bill, Bill.id == LateCharge.bill_id)
        .where(Bill.account_id == account.id)
    )
    return [(charge, bill) for charge, bill in rows]


def kept(session: Session, account: Account) -> int:
    """What was paid and did not go back; of no posting more went back than it brought."""
    postings = session.scalars(select(Posting).where(Posting.account_id == account.id)).all()
    for posting in postings:
        gone = total(session, Reversal.amount_fen, Reversal.posting_id == posting.id)
        assert gone == posting.reversed_fen <= posting.amount_fen
    return sum(posting.amount_fen - posting.reversed_fen for posting in postings)


def total(session: Session, column, condition) -> int:  # type: ignore[no-untyped-def]
    return int(session.scalar(select(func.coalesce(func.sum(column), 0)).where(condition)))
