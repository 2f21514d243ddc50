"""The safety net: nothing that waits for the outside world is waited for in vain."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from payments import soon
from payments.counter.gateway import COUNTER
from payments.models import Order, Refund
from payments.states import OPEN
from runtime import clock, metrics

AT_ONCE = 200
"""Orders of a kind that one sweep takes up."""

LIES_ABOUT = timedelta(seconds=60)
"""Money that has not moved for so long may have lost its job; asking twice is harmless."""

_waiting = metrics.gauge(
    "denghuo_payments_waiting",
    "Orders and refunds whose money is on its way, by their state",
    ["status"],
)


def sweep(session: Session) -> None:
    """Ask for the jobs that should be there; those that wait already are not added."""
    silent = select(Order.order_no).where(
        Order.status.in_(OPEN), Order.next_query_at <= clock.now()
    )
    _each(session, silent.order_by(Order.next_query_at).limit(AT_ONCE), soon.ask)
    _pick_up_payments(session)
    _pick_up_refunds(session)


def _pick_up_payments(session: Session) -> None:
    lying = select(Order.order_no).where(
        Order.status == "paid", Order.paid_at < clock.now() - LIES_ABOUT
    )
    _each(session, lying.order_by(Order.paid_at).limit(AT_ONCE), soon.post)
    _count(session, "paid", Order.status == "paid")


def _pick_up_refunds(session: Session) -> None:
    """Those that are stuck wait for the desk, and cash at the counter for whoever fetches it."""
    under_way = Refund.state.not_in(("done", "stuck"))
    to_be_fetched = and_(Refund.state == "at_gateway", Order.gateway == COUNTER.name)
    lying = (
        select(Refund.refund_no)
        .join(Order, Order.id == Refund.order_id)
        .where(under_way, ~to_be_fetched, Refund.created_at < clock.now() - LIES_ABOUT)
    )
    _each(session, lying.order_by(Refund.created_at).limit(AT_ONCE), soon.refund)
    _count(session, "refunding", under_way)
    _count(session, "stuck", Refund.state == "stuck")


def _count(session: Session, status: str, which: ColumnElement[bool]) -> None:
    _waiting.labels(status).set(session.scalar(select(func.count()).where(which)) or 0)


def _each(session: Session, numbers: object, ask_for: Callable[[Session, str], None]) -> None:
    for number in session.scalars(numbers).all():  # type: ignore[call-overload]
        ask_for(session, number)
