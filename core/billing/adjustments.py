"""Corrections of a balance by hand, each with a reason and the name of who decided."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from core import feed
from core.billing import issuing, ledger, settlement
from core.billing.requests import fingerprint, keep_once
from core.models import Adjustment
from runtime import clock


@dataclass(frozen=True)
class Adjusted:
    """The adjustment; `replayed` when it was there before."""

    adjustment: Adjustment
    account_no: str
    replayed: bool


def adjust(
    session: Session,
    account_no: str,
    amount_fen: int,
    reason: str,
    decided_by: str,
    idempotency_key: str,
) -> Adjusted:
    """Book an amount on an account, negative in the customer's favour.

    Credit settles open bills at once; a debit is owed beside the bills, and money that is left
    after them covers it. Raises NotFound for the account, Conflict when the key came with another
    request.
    """
    account = ledger.lock_account(session, account_no)
    request = fingerprint((account_no, amount_fen, reason, decided_by))
    now = clock.now()
    row, replayed = keep_once(
        session,
        Adjustment,
        idempotency_key,
        request,
        account_id=account.id,
        amount_fen=amount_fen,
        reason=reason,
        decided_by=decided_by,
        booked_at=now,
    )
    if replayed:
        return Adjusted(row, account_no, replayed=True)
    number = row.adjustment_no
    ledger.book(session, account.id, "adjustment", number, amount_fen, now, reason)
    bills = settlement.use_credit(session, account, now)
    changes = [
        *issuing.bill_changes(session, bills),
        ledger.balance_change(session, account, now),
    ]
    feed.append(session, changes)
    return Adjusted(row, account_no, replayed=False)
