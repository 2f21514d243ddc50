"""What the desk does about refunds that did not get through."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments import soon
from payments.models import Order, Refund
from payments.refunds import finding
from runtime.errors import Conflict
from runtime.logs import get_logger

_log = get_logger(__name__)


def stuck(session: Session) -> list[tuple[Refund, Order]]:
    """Refunds that wait for a person, the oldest first, with their orders."""
    rows = session.execute(
        select(Refund, Order)
        .join(Order, Order.id == Refund.order_id)
        .where(Refund.state == "stuck")
        .order_by(Refund.created_at, Refund.id)
    )
    return [(refund, order) for refund, order in rows]


def retry(session: Session, refund_no: str, *, by: int) -> None:
    """Try once more. Raises NotFound, Conflict("refund.not_stuck").

    A number that the gateway has closed is never taken again there: it gets another.
    """
    _order, refund = _stuck(session, refund_no)
    if refund.last_error == "closed":
        refund.gateway_no, refund.asked_at = _next_number(refund), None
    refund.state, refund.last_error = "at_gateway" if refund.freed_at else "due", None
    soon.refund(session, refund_no)
    _log.info("refund_retried", refund_no=refund_no, by=by)


def _stuck(session: Session, refund_no: str) -> tuple[Order, Refund]:
    order, refund = finding.locked(session, refund_no)
    if refund.state != "stuck":
        raise Conflict("refund.not_stuck")
    return order, refund


def _next_number(refund: Refund) -> str:
    """`R…01`, then `R…01x2`, `R…01x3`: letters and digits, as every gateway takes them."""
    _first, _mark, tries = refund.gateway_no.partition("x")
    return f"{refund.refund_no}x{int(tries or 1) + 1}"
