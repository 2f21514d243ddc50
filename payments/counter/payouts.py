"""Cash handed back: a refund of what was paid in cash waits at the counter until it is fetched."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.counter import shifts
from payments.counter.gateway import COUNTER
from payments.counter.models import Cash, Payout, Shift
from payments.models import Order, Refund
from payments.refunds import finding, hearing
from runtime import clock
from runtime.errors import Conflict, NotFound, Refused


@dataclass(frozen=True)
class Waiting:
    """A refund that can be handed over, with the receipt that the customer brings."""

    refund_no: str
    receipt_no: str
    order_no: str
    amount_fen: int
    account_nos: tuple[str, ...]
    since: datetime


def waiting(session: Session, refund_no: str | None = None) -> list[Waiting]:
    """What can be fetched, the oldest first; or this one refund, if it can."""
    ready = (
        select(Refund, Order, Cash)
        .join(Order, Order.id == Refund.order_id)
        .join(Cash, Cash.order_id == Order.id)
        .where(Order.gateway == COUNTER.name, Refund.state == "at_gateway")
    )
    if refund_no is not None:
        ready = ready.where(Refund.refund_no == refund_no)
    rows = session.execute(ready.order_by(Refund.created_at, Refund.id))
    return [_waiting(refund, order, cash) for refund, order, cash in rows]


def hand_over(session: Session, refund_no: str, shift: Shift, *, by: int) -> Payout:
    """Give the cash back out of the locked `shift`, once; the refund is done with it.

    Raises NotFound("refund.not_found"), Conflict("counter.refund_not_ready") while the core has
    not taken its posting back, Refused("counter.drawer_short") when the drawer holds less.
    """
    order, refund = finding.locked(session, refund_no)
    known = session.scalars(select(Payout).where(Payout.refund_no == refund_no)).one_or_none()
    if known is not None:
        return known
    if order.gateway != COUNTER.name:
        raise NotFound("refund.not_found")
    if refund.state != "at_gateway":
        raise Conflict("counter.refund_not_ready")
    if shifts.drawer_fen(session, shift) < refund.amount_fen:
        raise Refused("counter.drawer_short")
    payout = Payout(
        refund_no=refund_no,
        order_id=order.id,
        shift_id=shift.id,
        amount_fen=refund.amount_fen,
        paid_by=by,
        paid_at=clock.now(),
    )
    session.add(payout)
    session.flush()
    hearing.finish(session, order, refund, COUNTER.name)
    return payout


def _waiting(refund: Refund, order: Order, cash: Cash) -> Waiting:
    return Waiting(
        refund_no=refund.refund_no,
        receipt_no=cash.receipt_no,
        order_no=order.order_no,
        amount_fen=refund.amount_fen,
        account_nos=tuple(sorted({item.account_no for item in order.items})),
        since=refund.created_at,
    )
