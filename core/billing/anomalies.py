"""Bills that someone looks at before they go out: what is found, and what is decided."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import feed
from core.billing import issuing, ledger, settlement
from core.billing.gathering import Billable
from core.models import Account, Anomaly, Bill, LateCharge
from core.settings import BillingSettings
from runtime import clock
from runtime.errors import Conflict, NotFound

Kind = Literal["zero_use", "sudden_rise", "sudden_fall", "off_last_year"]
Decision = Literal["released", "rejected"]


@dataclass(frozen=True)
class Finding:
    """Something odd about a month; `detail` holds daily use in Wh and what it is compared with."""

    kind: Kind
    detail: dict[str, Any]


def findings(billable: Billable, rules: BillingSettings) -> list[Finding]:
    """What is odd about a month, by daily use so that months of any length compare."""
    history = billable.history
    daily = Decimal(billable.usage.total_wh) / billable.days
    found: list[Finding] = []
    if history.recent_days:
        found += _against_recent(daily, Decimal(history.recent_wh) / history.recent_days, rules)
    if history.last_year_days and not found:
        before = Decimal(history.last_year_wh) / history.last_year_days
        found += _against_last_year(daily, before, rules)
    return found


def _against_recent(daily: Decimal, usual: Decimal, rules: BillingSettings) -> Iterator[Finding]:
    if abs(daily - usual) <= rules.core_anomaly_wh_per_day:
        return
    detail = {"daily_wh": round(daily), "usual_daily_wh": round(usual)}
    if daily == 0:
        yield Finding("zero_use", detail)
    elif daily > usual * rules.core_sudden_rise:
        yield Finding("sudden_rise", detail)
    elif daily < usual * rules.core_sudden_fall:
        yield Finding("sudden_fall", detail)


def _against_last_year(
    daily: Decimal, before: Decimal, rules: BillingSettings
) -> Iterator[Finding]:
    if abs(daily - before) <= rules.core_anomaly_wh_per_day:
        return
    if not before <= daily * rules.core_off_last_year <= before * rules.core_off_last_year**2:
        detail = {"daily_wh": round(daily), "last_year_daily_wh": round(before)}
        yield Finding("off_last_year", detail)


@dataclass(frozen=True)
class HeldBill:
    """An anomaly with the bill it holds and whose bill that is."""

    anomaly: Anomaly
    bill: Bill
    account_no: str


def held_bills(session: Session, decided: bool, limit: int) -> list[HeldBill]:
    """Anomalies that wait for a decision, oldest first; or those decided, the newest first."""
    query = (
        select(Anomaly, Bill, Account.account_no)
        .join(Bill, Bill.id == Anomaly.bill_id)
        .join(Account, Account.id == Bill.account_id)
        .where(Anomaly.decision.is_not(None) if decided else Anomaly.decision.is_(None))
        .order_by(Anomaly.decided_at.desc() if decided else Anomaly.id, Anomaly.id)
        .limit(limit)
    )
    return [HeldBill(*row) for row in session.execute(query)]


def decide(
    session: Session, anomaly_id: int, decision: Decision, by: str, rules: BillingSettings
) -> HeldBill:
    """Let a held bill go out with today's date, or drop it so that it is made anew by a rebill.

    The decision is about the bill: its other anomalies are decided with it. The same decision
    again changes nothing. Raises NotFound, or Conflict when the other decision was made.
    """
    found = _lock(session, anomaly_id)
    if found.anomaly.decision == decision:
        return found
    if found.anomaly.decision is not None:
        raise Conflict("anomaly.decided", decision=found.anomaly.decision)
    now = clock.now()
    for anomaly in session.scalars(select(Anomaly).where(Anomaly.bill_id == found.bill.id)):
        anomaly.decision, anomaly.decided_at, anomaly.decided_by = decision, now, by
    if decision == "released":
        _release(session, found, rules)
    else:
        drop(session, found.bill)
    return found


def drop(session: Session, bill: Bill) -> None:
    """Cancel a bill; late charges it carried wait for another bill."""
    bill.status = "cancelled"
    carried = update(LateCharge).where(LateCharge.billed_on_id == bill.id)
    session.execute(carried.values(billed_on_id=None))
    session.flush()


def _lock(session: Session, anomaly_id: int) -> HeldBill:
    account_no = session.scalar(
        select(Account.account_no)
        .join(Bill, Bill.account_id == Account.id)
        .join(Anomaly, Anomaly.bill_id == Bill.id)
        .where(Anomaly.id == anomaly_id)
    )
    if account_no is None:
        raise NotFound("anomaly.not_found", anomaly_id=anomaly_id)
    ledger.lock_account(session, account_no)
    row = session.execute(
        select(Anomaly, Bill).join(Bill, Bill.id == Anomaly.bill_id).where(Anomaly.id == anomaly_id)
    ).one()
    return HeldBill(*row, account_no)


def _release(session: Session, found: HeldBill, rules: BillingSettings) -> None:
    now = clock.now()
    account = ledger.lock_account(session, found.account_no)
    issuing.issue(session, found.bill, now, rules.core_due_days)
    settled: Sequence[Bill] = settlement.use_credit(session, account, now)
    changes = [
        *issuing.bill_changes(session, dict.fromkeys([found.bill, *settled])),
        ledger.balance_change(session, account, now),
    ]
    feed.append(session, changes)
