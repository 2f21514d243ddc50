"""Posting money received: once per idempotency key, whatever the caller repeats."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import feed, published
from core.billing import issuing, ledger
from core.billing.closing import stamp
from core.billing.requests import fingerprint, keep_once
from core.billing.settlement import outstanding, settle
from core.models import Account, Bill, Posting
from runtime import clock
from runtime.errors import NotFound, Refused

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far ahead of ours the clock may be by which a payment was stamped."""


@dataclass(frozen=True)
class Payment:
    """Money received for an account. `bill_nos` are settled first, in their order."""

    account_no: str
    amount_fen: int
    channel: str
    order_no: str
    paid_at: datetime
    bill_nos: tuple[str, ...] = ()


@dataclass(frozen=True)
class Posted:
    """The posting of a payment; `replayed` when it was there before."""

    posting: Posting
    account_no: str
    replayed: bool


def post(
    session: Session, payment: Payment, idempotency_key: str, *, posted_at: datetime | None = None
) -> Posted:
    """Post a payment: settle bills, keep the rest as credit, and tell the feed.

    The same key and payment again changes nothing and gives the first posting. Raises NotFound
    for an unknown account or a bill that is not the account's, Conflict when the key came with
    another payment, Refused for a payment from the future. `posted_at` is for history.
    """
    account = ledger.lock_account(session, payment.account_no)
    if payment.paid_at > clock.now() + CLOCKS_DIFFER:
        raise Refused("posting.in_future", field="paid_at")
    request = fingerprint(replace(payment, paid_at=payment.paid_at.astimezone(UTC)))
    at = posted_at or stamp(session)
    posting, replayed = keep_once(
        session,
        Posting,
        idempotency_key,
        request,
        account_id=account.id,
        amount_fen=payment.amount_fen,
        channel=payment.channel,
        order_no=payment.order_no,
        paid_at=payment.paid_at,
        posted_at=at,
        allocations=[],
    )
    if replayed:
        return Posted(posting, account.account_no, replayed=True)
    settled = settle(
        session, _in_order(session, account, payment), payment.amount_fen, payment.paid_at
    )
    posting.allocations, posting.credit_fen = settled.allocations, settled.left_fen
    ledger.book(session, account.id, "posting", posting.posting_no, -payment.amount_fen, at)
    _publish(session, account, posting, settled.bills, at)
    return Posted(posting, account.account_no, replayed=False)


def _in_order(session: Session, account: Account, payment: Payment) -> list[Bill]:
    """The named bills first, then the rest of what is outstanding, the one due first in front."""
    named = [_named_bill(session, account, bill_no) for bill_no in payment.bill_nos]
    open_bills = outstanding(session, account.id)
    first = [bill for bill in dict.fromkeys(named) if bill in open_bills]
    return first + [bill for bill in open_bills if bill not in first]


def _named_bill(session: Session, account: Account, bill_no: str) -> Bill:
    """The bill of that number; when it was corrected since, the one that stands in its place."""
    bill = session.scalar(select(Bill).where(Bill.bill_no == bill_no))
    if bill is None or bill.account_id != account.id:
        raise NotFound("posting.bill_unknown", bill_no=bill_no, field="bill_nos")
    return issuing.live_bill(session, bill.service_point_id, bill.period) or bill


def _publish(
    session: Session, account: Account, posting: Posting, bills: Sequence[Bill], at: datetime
) -> None:
    changes = [
        *issuing.bill_changes(session, bills),
        published.posting(posting, account.account_no),
        ledger.balance_change(session, account, at),
    ]
    feed.append(session, changes)
