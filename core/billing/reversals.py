"""Reversals: a posting is taken back in whole or in part, because the money went back to the payer.

Never more than was posted, and once per idempotency key, whatever the caller repeats.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import feed, published
from core.billing import issuing, ledger, settlement
from core.billing.closing import stamp
from core.billing.reopening import Reopening, reopen, return_charges
from core.billing.requests import fingerprint, keep_once
from core.models import Account, Bill, Posting, Reversal
from runtime import clock
from runtime.errors import Conflict, NotFound, Refused


@dataclass(frozen=True)
class Withdrawal:
    """Money of a posting that went back. `order_no` must be that of the posting."""

    posting_no: str
    amount_fen: int
    reason: str
    order_no: str


@dataclass(frozen=True)
class Reversed:
    """The reversal with its posting; `replayed` when it was there before."""

    reversal: Reversal
    posting: Posting
    account_no: str
    replayed: bool


def reverse(session: Session, withdrawal: Withdrawal, idempotency_key: str) -> Reversed:
    """Take a posting back: the account's unspent credit first, then what bills were settled.

    Of the bills, those that the posting settled come first, its last one in front, then those
    settled otherwise, the one due last in front. What no bill gives is owed beside them. The same
    key and withdrawal again changes nothing and gives the first reversal. Raises NotFound for an
    unknown posting, Conflict when the key came with another withdrawal or when more would go back
    than is left of the posting, Refused when the posting is of another order.
    """
    account, posting = _lock(session, withdrawal.posting_no)
    request, at = fingerprint(withdrawal), stamp(session)
    row, replayed = keep_once(
        session,
        Reversal,
        idempotency_key,
        request,
        posting_id=posting.id,
        amount_fen=withdrawal.amount_fen,
        reason=withdrawal.reason,
        reversed_at=at,
        allocations=[],
    )
    if replayed:
        return Reversed(row, posting, account.account_no, replayed=True)
    _check(posting, withdrawal)
    row.credit_fen = min(withdrawal.amount_fen, settlement.credit_fen(session, account.id))
    posting.reversed_fen += withdrawal.amount_fen
    number, reason = row.reversal_no, withdrawal.reason
    ledger.book(session, account.id, "reversal", number, withdrawal.amount_fen, at, reason)
    left_fen = withdrawal.amount_fen - row.credit_fen
    back = Reopening(left_fen, clock.civil_date(posting.paid_at), number, at)
    _open_bills(session, posting, row, back)
    row.allocations = back.allocations
    _publish(session, account, posting, row, back.bills)
    return Reversed(row, posting, account.account_no, replayed=False)


def _lock(session: Session, posting_no: str) -> tuple[Account, Posting]:
    """The posting and its account, held until the transaction ends. Raises NotFound."""
    account_no = session.scalar(
        select(Account.account_no)
        .join(Posting, Posting.account_id == Account.id)
        .where(Posting.posting_no == posting_no)
    )
    if account_no is None:
        raise NotFound("posting.not_found", posting_no=posting_no)
    account = ledger.lock_account(session, account_no)
    fresh = select(Posting).where(Posting.posting_no == posting_no)
    return account, session.scalars(fresh.execution_options(populate_existing=True)).one()


def _check(posting: Posting, withdrawal: Withdrawal) -> None:
    if withdrawal.order_no != posting.order_no:
        raise Refused("reversal.other_order", posting_no=posting.posting_no, field="order_no")
    left_fen = posting.amount_fen - posting.reversed_fen
    if withdrawal.amount_fen > left_fen:
        number = posting.posting_no
        raise Conflict(
            "reversal.too_much", posting_no=number, left_fen=left_fen, field="amount_fen"
        )


def _open_bills(session: Session, posting: Posting, row: Reversal, back: Reopening) -> None:
    """Find the money in bills: those that the posting settled, then others."""
    if not back.left_fen:
        return
    earlier = _opened_earlier(session, row)
    bills = _numbered(session, [*posting.allocations, *earlier])
    for replaced in _replaced(posting, bills):
        return_charges(session, replaced, back)
    own = _own(posting, earlier, _standing(session, bills))
    candidates = chain(own, _others(session, posting.account_id))
    while back.left_fen and (found := next(candidates, None)):
        reopen(session, *found, back)


def _opened_earlier(session: Session, row: Reversal) -> list[dict[str, Any]]:
    """The parts of bills that earlier reversals of the same posting opened."""
    query = select(Reversal.allocations)
    query = query.where(Reversal.posting_id == row.posting_id, Reversal.id < row.id)
    return [part for allocations in session.scalars(query) for part in allocations]


def _numbered(session: Session, allocations: Iterable[dict[str, Any]]) -> dict[str, Bill]:
    """The bills that allocations name, by their numbers."""
    numbers = {part["bill_no"] for part in allocations}
    bills = session.scalars(select(Bill).where(Bill.bill_no.in_(numbers)))
    return {bill.bill_no: bill for bill in bills}


def _replaced(posting: Posting, bills: Mapping[str, Bill]) -> list[Bill]:
    """The bills that the posting settled and that were cancelled since, the last in front."""
    settled = [bills[part["bill_no"]] for part in reversed(posting.allocations)]
    return [bill for bill in settled if bill.status == "cancelled"]


def _standing(session: Session, bills: Mapping[str, Bill]) -> dict[str, Bill]:
    """The issued bills that stand for those of the numbers: the same, or what replaced them.

    A month has one bill that is not cancelled (`uq_bill_live`).
    """
    standing = {}
    for number, bill in bills.items():
        live: Bill | None = bill
        if bill.status == "cancelled":
            live = issuing.live_bill(session, bill.service_point_id, bill.period)
        if live is not None and live.status == "issued":
            standing[number] = live
    return standing


def _own(
    posting: Posting, earlier: Iterable[dict[str, Any]], standing: Mapping[str, Bill]
) -> list[tuple[Bill, int]]:
    """The bills that the posting settled, the last in front, with what it still settles of each.

    A bill that was corrected meanwhile stands for the bill in its place.
    """
    settled: Counter[Bill] = Counter()
    for part in posting.allocations:
        if bill := standing.get(part["bill_no"]):
            settled[bill] += part["principal_fen"]
    for part in earlier:
        if bill := standing.get(part["bill_no"]):
            settled[bill] -= part["principal_fen"]
    return [
        (bill, min(fen, bill.settled_fen))
        for bill, fen in reversed(settled.items())
        if min(fen, bill.settled_fen) > 0
    ]


def _others(session: Session, account_id: int) -> Iterator[tuple[Bill, int]]:
    """The account's bills of which something is settled, the one due last in front, with that.

    They are looked for when the first is asked for.
    """
    bills = session.scalars(
        select(Bill)
        .where(Bill.account_id == account_id, Bill.status == "issued", Bill.settled_fen > 0)
        .order_by(Bill.due.desc(), Bill.id.desc())
    ).all()
    for bill in bills:
        yield bill, bill.settled_fen


def _publish(
    session: Session, account: Account, posting: Posting, row: Reversal, bills: Iterable[Bill]
) -> None:
    changes = [
        *issuing.bill_changes(session, dict.fromkeys(bills)),
        published.reversal(row, posting, account.account_no),
        ledger.balance_change(session, account, row.reversed_at),
    ]
    feed.append(session, changes)
