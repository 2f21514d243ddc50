"""Refunds as their steps need them: found by a number, under the lock of their order."""

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from payments.models import Order, Refund
from payments.states import lock_order
from runtime.errors import NotFound


def locked(session: Session, refund_no: str) -> tuple[Order, Refund]:
    """A refund of ours with its order, locked. Raises NotFound("refund.not_found")."""
    return _locked(session, Refund.refund_no == refund_no)


def locked_as_known_there(session: Session, gateway: str, number: str) -> tuple[Order, Refund]:
    """The same, by the number that the gateway has. Raises NotFound."""
    return _locked(session, (Refund.gateway_no == number) & (Order.gateway == gateway))


def _locked(session: Session, which: ColumnElement[bool]) -> tuple[Order, Refund]:
    found = session.execute(
        select(Order.order_no, Refund.id).join(Refund, Refund.order_id == Order.id).where(which)
    ).one_or_none()
    order = lock_order(session, found.order_no) if found else None
    if found is None or order is None:
        raise NotFound("refund.not_found")
    return order, session.get_one(Refund, found.id, populate_existing=True)
