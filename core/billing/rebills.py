"""Rebills: a month is billed again from the readings as they now are, and the old bill cancelled.

The ledger gets the difference, what was settled moves to the new bill, and money that is then too
much becomes credit. The new bill has its own due date: the utility's mistake is not held against
the customer, so late charges of the old bill that nobody has taken yet lapse.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core import feed
from core.billing import issuing, ledger, settlement
from core.billing.cases import Unbillable, draft, prepare
from core.billing.gathering import gather
from core.metering.estimation import estimate_month
from core.models import Account, Anomaly, Bill, LateCharge
from core.settings import BillingSettings
from rating import rate
from runtime import clock
from runtime.errors import Conflict, NotFound, Refused


def rebill(session: Session, bill_no: str, rules: BillingSettings) -> list[Bill]:
    """Bill the month of a bill again; returns the new bills, that month's first.

    On a yearly tariff the later months of the year are billed again too when the corrected use
    moves them in the tiers. A held bill is issued by its rebill. Raises NotFound, Conflict when the
    bill was replaced already, Refused when the month cannot be billed.
    """
    old, account = _lock(session, bill_no)
    now = clock.now()
    cancelled, new = [old], [_replace(session, old, now, rules)]
    if new[0].wh != old.wh:
        for later in _later_in_the_year(session, old):
            cancelled.append(later)
            new.append(_replace(session, later, now, rules))
    settled = settlement.use_credit(session, account, now)
    _publish(session, account, cancelled, [*new, *settled], now)
    return new


def _lock(session: Session, bill_no: str) -> tuple[Bill, Account]:
    """The bill and its account, held; only the newest bill of a month can be billed again."""
    account_no = session.scalar(
        select(Account.account_no)
        .join(Bill, Bill.account_id == Account.id)
        .where(Bill.bill_no == bill_no)
    )
    if account_no is None:
        raise NotFound("bill.not_found", bill_no=bill_no)
    account = ledger.lock_account(session, account_no)
    bill = session.scalars(
        select(Bill).where(Bill.bill_no == bill_no).execution_options(populate_existing=True)
    ).one()
    newest = session.scalars(
        select(Bill)
        .where(Bill.service_point_id == bill.service_point_id, Bill.period == bill.period)
        .order_by(Bill.revision.desc())
        .limit(1)
    ).one()
    if newest is not bill:
        raise Conflict("bill.cannot_rebill", bill_no=bill_no, live_bill_no=newest.bill_no)
    return bill, account


def _replace(session: Session, old: Bill, now: datetime, rules: BillingSettings) -> Bill:
    """Cancel a bill and put a new one in its place, with the same standing."""
    was_issued, was_held = old.status == "issued", old.status == "held"
    carried = session.scalar(select(LateCharge).where(LateCharge.billed_on_id == old.id))
    old.status = "cancelled"
    session.flush()
    new = _made_anew(session, old, carried)
    session.add(new)
    session.flush()
    _move_late_charges(session, old, new, now)
    if was_issued:
        _correct(session, old, new, now, rules)
    else:
        issuing.issue(session, new, now, rules.core_due_days)
    if was_held:
        _look_no_more(session, old, now)
    session.flush()
    return new


def _made_anew(session: Session, old: Bill, carried: LateCharge | None) -> Bill:
    estimate_month(session, old.period, [old.service_point_id])
    (billable,) = gather(session, [old.service_point_id], old.period)
    try:
        prepared = prepare(replace(billable, late=carried))
    except Unbillable as error:
        raise Refused("bill.rebill_failed", reason=str(error)) from error
    return draft(prepared, rate(prepared.case), _next_revision(session, old))


def _next_revision(session: Session, bill: Bill) -> int:
    highest = select(func.max(Bill.revision)).where(
        Bill.service_point_id == bill.service_point_id, Bill.period == bill.period
    )
    return (session.scalar(highest) or 0) + 1


def _correct(session: Session, old: Bill, new: Bill, now: datetime, rules: BillingSettings) -> None:
    """Book the difference, and let the new bill take over what was settled."""
    issuing.date_bill(new, now, rules.core_due_days)
    if new.total_fen > 0:
        new.settled_fen = min(max(old.settled_fen, 0), new.total_fen)
        new.settled_at = now if new.settled_fen == new.total_fen else None
    old.settled_fen, old.settled_at = 0, None
    difference = new.total_fen - old.total_fen
    ledger.book(session, new.account_id, "rebill", new.bill_no, difference, now, old.bill_no)


def _move_late_charges(session: Session, old: Bill, new: Bill, now: datetime) -> None:
    """Charges the old bill carried go to the new one; those that wait because of it lapse."""
    carried = update(LateCharge).where(LateCharge.billed_on_id == old.id)
    session.execute(carried.values(billed_on_id=new.id))
    waiting = select(LateCharge).where(LateCharge.bill_id == old.id)
    waiting = waiting.where(LateCharge.taken.is_(False), LateCharge.billed_on_id.is_(None))
    for charge in session.scalars(waiting):
        if charge.returned_fen:  # it stood on a held bill then; now it was never asked for
            lapsed = f"L{charge.id}-lapsed"
            ledger.book(session, old.account_id, "late_fee_back", lapsed, charge.returned_fen, now)
        session.delete(charge)


def _look_no_more(session: Session, old: Bill, now: datetime) -> None:
    undecided = update(Anomaly).where(Anomaly.bill_id == old.id, Anomaly.decision.is_(None))
    session.execute(undecided.values(decision="rejected", decided_at=now, decided_by="rebill"))


def _later_in_the_year(session: Session, bill: Bill) -> Sequence[Bill]:
    """Issued bills of the same year whose tiers stand on this one's use."""
    later = (
        select(Bill)
        .where(
            Bill.service_point_id == bill.service_point_id,
            Bill.account_id == bill.account_id,
            Bill.period > bill.period,
            Bill.period <= f"{bill.period[:4]}-12",
            Bill.status == "issued",
            Bill.case.has_key("year_to_date_kwh"),
        )
        .order_by(Bill.period)
    )
    return session.scalars(later).all()


def _publish(
    session: Session,
    account: Account,
    cancelled: Sequence[Bill],
    standing: Sequence[Bill],
    now: datetime,
) -> None:
    known = [bill for bill in cancelled if bill.issued_at is not None]
    changes = issuing.bill_changes(session, dict.fromkeys([*known, *standing]))
    feed.append(session, [*changes, ledger.balance_change(session, account, now)])
