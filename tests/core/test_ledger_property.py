"""Whatever happens to an account, its balance is the sum of what happened, and bills agree."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing import ledger, settlement
from core.billing.adjustments import adjust
from core.billing.postings import Payment, post
from core.billing.rebills import rebill
from core.billing.runs import run_bills
from core.models import Account, Adjustment, Bill, LateCharge, LedgerEntry, Meter, Posting
from core.settings import BillingSettings
from runtime.database import Database
from tests.core.builders import create_home, record_use

PERIODS = ("2026-06", "2026-07", "2026-08", "2026-09")
RULES = BillingSettings(core_anomaly_wh_per_day=10**9)

pay = st.tuples(st.just("pay"), st.integers(1, 40_000), st.integers(0, 150))
adjustment = st.tuples(st.just("adjust"), st.integers(-20_000, 20_000).filter(bool), st.just(0))
bill = st.tuples(st.just("bill"), st.integers(0, 300), st.integers(0, 100))
correct = st.tuples(st.just("rebill"), st.integers(0, 3), st.integers(0, 300))
steps = st.lists(st.one_of(pay, adjustment, bill, correct), min_size=1, max_size=12)


@pytest.fixture(autouse=True)
def _november() -> Iterator[None]:
    with time_machine.travel("2026-11-20T00:00:00Z", tick=False):
        yield


@settings(
    max_examples=30,
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
        else:
            correct_a_month(session, account, meter, first, second)


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
    taken = session.scalars(
        select(LateCharge.fee_fen)
        .join(Bill, Bill.id == LateCharge.bill_id)
        .where(Bill.account_id == account.id, LateCharge.taken)
    ).all()
    paid = total(session, Posting.amount_fen, Posting.account_id == account.id)
    adjusted = total(session, Adjustment.amount_fen, Adjustment.account_id == account.id)
    billed = sum(bill.total_fen for bill in bills)
    assert balance == total(session, LedgerEntry.amount_fen, LedgerEntry.account_id == account.id)
    assert balance == billed + sum(taken) + adjusted - paid
    for each in bills:
        assert min(0, each.total_fen) <= each.settled_fen <= each.total_fen
        assert (each.settled_at is not None) == (each.settled_fen == each.total_fen)
    if settlement.credit_fen(session, account.id):
        assert settlement.outstanding(session, account.id) == []
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


def total(session: Session, column, condition) -> int:  # type: ignore[no-untyped-def]
    return int(session.scalar(select(func.coalesce(func.sum(column), 0)).where(condition)))
