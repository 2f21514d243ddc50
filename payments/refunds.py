"""Giving back money that has nowhere to go, the way it came."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.gateways import Gateways
from payments.gateways.base import GatewayError, Refunding, RefundState
from payments.ledger.booking import REFUNDS, Kind, book
from payments.models import Order, Refund
from payments.states import advance, lock_order
from runtime import clock
from runtime.database import Database
from runtime.logs import get_logger

_log = get_logger(__name__)

REASONS = {"paid_elsewhere": "账单已由另一笔付款缴清"}
"""What the gateway shows the customer beside the money."""


class NotRefunded(Exception):  # noqa: N818 - the job runs again, nothing is wrong with it
    """The gateway is still at it, or could not be asked."""


def refund_order(database: Database, gateways: Gateways, order_no: str) -> None:
    """Ask the gateway until it says that the money is on its way back. Raises NotRefunded."""
    with database.unit_of_work() as session:
        found = _waiting(session, order_no)
    if found is None:
        return
    order, refund = found
    done = _ask(database, gateways, order, refund)
    if not done:
        raise NotRefunded(order_no)
    with database.unit_of_work() as session:
        _finish(session, order_no)


def _waiting(session: Session, order_no: str) -> tuple[Order, Refund] | None:
    row = session.execute(
        select(Order, Refund)
        .join(Refund, Refund.order_id == Order.id)
        .where(Order.order_no == order_no, Order.status == "refunding")
    ).one_or_none()
    return (row[0], row[1]) if row else None


def _ask(database: Database, gateways: Gateways, order: Order, refund: Refund) -> bool:
    refunding = Refunding(
        order_no=order.order_no,
        refund_no=refund.refund_no,
        amount_fen=refund.amount_fen,
        total_fen=order.amount_fen,
        reason=REASONS[refund.reason],
    )
    try:
        return gateways[order.gateway].refund(refunding).state is RefundState.DONE
    except GatewayError as error:
        _log.error("refund_failed", order_no=order.order_no, reason=error.reason)
        with database.unit_of_work() as session:
            failed = session.get_one(Refund, refund.id)
            failed.attempts, failed.last_error = failed.attempts + 1, error.reason
        return False


def _finish(session: Session, order_no: str) -> None:
    order = lock_order(session, order_no)
    if order is None or order.status != "refunding":
        return
    refund = session.scalars(select(Refund).where(Refund.order_id == order.id)).one()
    refund.done_at, refund.last_error = clock.now(), None
    advance(session, order, "refunded", "gateway")
    book(
        session,
        Kind.REFUND,
        refund.refund_no,
        debit=REFUNDS,
        credit=order.gateway,
        amount_fen=refund.amount_fen,
        order_no=order_no,
    )
