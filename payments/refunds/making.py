"""Deciding a refund, in the transaction that counts it.

Every function wants the order locked (`states.lock_order`): that, and the CHECK on
`payment_order.refunded_fen`, keep two refunds from giving back more than came in.
"""

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments import soon
from payments.counter import coins
from payments.ledger.booking import COUNTER, RECEIVED, REFUNDS, Kind, book
from payments.models import Order, PostingTask, Refund, RefundPart
from payments.states import advance
from runtime import clock
from runtime.errors import Conflict, Refused


def left_of(session: Session, order: Order) -> dict[str, int]:
    """What of the order can still be given back from each account, in fen."""
    return {task.account_no: fen for task, fen in _tasks(session, order) if fen > 0}


def give_back_whole(session: Session, order: Order, reason: str) -> Refund:
    """All of a payment that has just come in and has not been posted: `reason` says why."""
    advance(session, order, "refunding", reason)
    refund = _new(session, order, order.amount_fen, reason)
    order.refunded_fen += refund.amount_fen
    return _due(session, order, refund)


def give_back_second(
    session: Session, order: Order, trade_no: str, amount_fen: int
) -> Refund | None:
    """A second trade that the gateway has proven. None when it has been taken up before.

    Its money is booked as it came and goes back whole; the order's own payment stays as it is.
    """
    known = select(Refund).where(Refund.order_id == order.id, Refund.trade_no == trade_no)
    if session.scalars(known).one_or_none() is not None:
        return None
    book(
        session,
        Kind.PAYMENT,
        f"{order.gateway}:{trade_no}",
        debit=order.gateway,
        credit=RECEIVED,
        amount_fen=amount_fen,
        order_no=order.order_no,
    )
    refund = _new(session, order, amount_fen, "second_trade")
    refund.trade_no = trade_no
    return _due(session, order, refund)


def give_back_posted(
    session: Session,
    order: Order,
    parts: Mapping[str, int],
    reason: str,
    *,
    note: str,
    approval_id: int,
) -> Refund:
    """What a second person has approved, by account. Raises what `check_parts` raises."""
    check_parts(session, order, parts)
    refund = _new(session, order, sum(parts.values()), reason)
    refund.origin, refund.approval_id, refund.note = "desk", approval_id, note
    order.refunded_fen += refund.amount_fen
    if order.refunded_fen == order.amount_fen:
        advance(session, order, "refunding", "refund")
    session.add(refund)
    refund.parts = [
        _part(refund, task, parts[task.account_no])
        for task, _left in _tasks(session, order)
        if task.account_no in parts
    ]
    session.flush()
    soon.refund(session, refund.refund_no)
    return refund


def check_parts(session: Session, order: Order, parts: Mapping[str, int]) -> None:
    """Raises Conflict("refund.not_posted"), Refused("refund.nothing"), for more than is left
    Conflict("refund.too_much", account_no=, left_fen=), and for cash that is not in whole jiao
    Refused("counter.no_such_coins").
    """
    if order.status != "posted":
        raise Conflict("refund.not_posted", status=order.status)
    if not parts or any(fen <= 0 for fen in parts.values()):
        raise Refused("refund.nothing")
    left = left_of(session, order)
    for account_no, fen in parts.items():
        if fen > left.get(account_no, 0):
            raise Conflict(
                "refund.too_much", account_no=account_no, left_fen=left.get(account_no, 0)
            )
    if order.gateway == COUNTER and not coins.in_coins(sum(parts.values())):
        raise Refused("counter.no_such_coins")


def _tasks(session: Session, order: Order) -> list[tuple[PostingTask, int]]:
    """The order's postings, and what is left of each, in fen."""
    given = (
        select(func.coalesce(func.sum(RefundPart.amount_fen), 0))
        .where(RefundPart.task_id == PostingTask.id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(PostingTask, PostingTask.amount_fen - given)
        .where(PostingTask.order_id == order.id, PostingTask.posting_no.is_not(None))
        .order_by(PostingTask.id)
    )
    return [(task, int(left)) for task, left in rows]


def _new(session: Session, order: Order, amount_fen: int, reason: str) -> Refund:
    """Numbered within its order; the order's lock keeps the numbers apart."""
    earlier = session.scalar(select(func.count()).where(Refund.order_id == order.id)) or 0
    number = f"R{order.order_no}{earlier + 1:02d}"
    return Refund(
        order_id=order.id,
        refund_no=number,
        gateway_no=number,
        amount_fen=amount_fen,
        reason=reason,
        origin="automatic",
        state="due",
        created_at=clock.now(),
    )


def _part(refund: Refund, task: PostingTask, amount_fen: int) -> RefundPart:
    return RefundPart(
        task_id=task.id,
        account_no=task.account_no,
        amount_fen=amount_fen,
        idempotency_key=f"{refund.refund_no}:{task.account_no}",
    )


def _due(session: Session, order: Order, refund: Refund) -> Refund:
    """Money that the core never had is due to the payer at once."""
    session.add(refund)
    free(session, order, refund)
    soon.refund(session, refund.refund_no)
    return refund


def free(session: Session, order: Order, refund: Refund) -> None:
    """The money is with us and owed to the payer: from here on only the gateway is left."""
    refund.freed_at = clock.now()
    book(
        session,
        Kind.REFUND_DUE,
        refund.refund_no,
        debit=RECEIVED,
        credit=REFUNDS,
        amount_fen=refund.amount_fen,
        order_no=order.order_no,
    )
