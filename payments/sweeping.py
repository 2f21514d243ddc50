"""The safety net: nothing that waits for the outside world is waited for in vain."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments import soon
from payments.models import Order
from payments.states import OPEN
from runtime import clock, metrics

AT_ONCE = 200
"""Orders of a kind that one sweep takes up."""

LIES_ABOUT = timedelta(seconds=60)
"""Money that has not moved for so long may have lost its job; asking twice is harmless."""

_waiting = metrics.gauge(
    "denghuo_payments_waiting", "Orders whose money is on its way, by their state", ["status"]
)


def sweep(session: Session) -> None:
    """Ask for the jobs that should be there; those that wait already are not added."""
    silent = select(Order.order_no).where(
        Order.status.in_(OPEN), Order.next_query_at <= clock.now()
    )
    _each(session, silent.order_by(Order.next_query_at).limit(AT_ONCE), soon.ask)
    for status, ask_for in (("paid", soon.post), ("refunding", soon.refund)):
        lying = select(Order.order_no).where(
            Order.status == status, Order.paid_at < clock.now() - LIES_ABOUT
        )
        _each(session, lying.order_by(Order.paid_at).limit(AT_ONCE), ask_for)
        count = select(func.count()).where(Order.status == status)
        _waiting.labels(status).set(session.scalar(count) or 0)


def _each(session: Session, order_nos: object, ask_for: Callable[[Session, str], None]) -> None:
    for order_no in session.scalars(order_nos).all():  # type: ignore[call-overload]
        ask_for(session, order_no)
