"""What money does to bills: which it settles, in which order, and what is left."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing import late, ledger
from core.models import Account, Bill, LateCharge
from runtime import clock


@dataclass
class Settlement:
    """Where money went. `allocations` is what a posting shows; amounts in fen."""

    left_fen: int
    allocations: list[dict[str, Any]] = field(default_factory=list)
    bills: list[Bill] = field(default_factory=list)


def outstanding(session: Session, account_id: int) -> list[Bill]:
    """The issued bills of an account that are not settled, the one due first in front."""
    open_bills = (
        select(Bill)
        .where(Bill.account_id == account_id, Bill.status == "issued")
        .where(Bill.settled_fen < Bill.total_fen)
        .order_by(Bill.due, Bill.id)
    )
    return list(session.scalars(open_bills))


def credits_fen(session: Session, account_ids: Collection[int]) -> dict[int, int]:
    """What each account holds beyond its bills: paid in advance, exported, or given back."""
    open_bills = (
        select(Bill.account_id, func.sum(Bill.total_fen - Bill.settled_fen))
        .where(Bill.account_id.in_(account_ids), Bill.status == "issued")
        .where(Bill.settled_fen < Bill.total_fen)
        .group_by(Bill.account_id)
    )
    owed = {account_id: int(total) for account_id, total in session.execute(open_bills)}
    balances = ledger.balances_fen(session, account_ids)
    return {
        account_id: max(0, owed.get(account_id, 0) - balance_fen)
        for account_id, balance_fen in balances.items()
    }


def credit_fen(session: Session, account_id: int) -> int:
    """What one account holds beyond its bills."""
    return credits_fen(session, [account_id])[account_id]


def with_credit(session: Session, account_ids: Collection[int]) -> list[int]:
    """Those of the accounts that hold credit."""
    session.flush()
    return [each for each, fen in credits_fen(session, account_ids).items() if fen]


def settle(session: Session, bills: Iterable[Bill], funds_fen: int, at: datetime) -> Settlement:
    """Settle bills in their order: of each the principal first, then its late charge.

    The principal may be settled in parts. The late charge to the civil day of `at` is taken whole
    or not at all; one that is not taken waits for the next bill.
    """
    done = Settlement(funds_fen)
    for bill in bills:
        if done.left_fen <= 0:
            break
        _settle_one(session, bill, done, at)
    session.flush()
    return done


def use_credit(session: Session, account: Account, at: datetime) -> Sequence[Bill]:
    """Settle the account's open bills from its credit, as far as it goes; returns those bills."""
    session.flush()
    credit = credit_fen(session, account.id)
    if not credit:
        return []
    return settle(session, outstanding(session, account.id), credit, at).bills


def _settle_one(session: Session, bill: Bill, done: Settlement, at: datetime) -> None:
    principal = min(done.left_fen, bill.total_fen - bill.settled_fen)
    if principal <= 0:
        return
    fee = late.fee_on(bill, principal, clock.civil_date(at))
    done.left_fen -= principal
    bill.settled_fen += principal
    if bill.settled_fen == bill.total_fen:
        bill.settled_at = at
    taken = _charge(session, bill, fee, done.left_fen, at) if fee else 0
    done.left_fen -= taken
    done.bills.append(bill)
    done.allocations.append(
        {"bill_no": bill.bill_no, "principal_fen": principal, "late_fee_fen": taken}
    )


def _charge(session: Session, bill: Bill, fee: late.Fee, left_fen: int, at: datetime) -> int:
    """Note the charge, and take it when what is left reaches; returns what was taken."""
    taken = fee.fee_fen <= left_fen
    charge = LateCharge(
        bill_id=bill.id,
        arrears_fen=fee.arrears_fen,
        due=fee.due,
        paid=fee.paid,
        fee_fen=fee.fee_fen,
        taken=taken,
    )
    session.add(charge)
    session.flush()
    if not taken:
        return 0
    ledger.book(session, bill.account_id, "late_fee", f"L{charge.id}", fee.fee_fen, at)
    return fee.fee_fen
