"""What becomes of a refund when the gateway says something about it.

A callback, the answer to the refund itself and the answer to a later question go through `record`
alike, so that it does not matter which of them comes first, or how often.
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments.gateways.base import Gateway, RefundReport, RefundState
from payments.ledger.booking import REFUNDS, Kind, book
from payments.models import Order, Refund
from payments.receipts import Verdict
from payments.refunds import finding
from payments.states import advance
from runtime import clock, metrics
from runtime.errors import NotFound
from runtime.logs import get_logger

_log = get_logger(__name__)
_refunds = metrics.counter("denghuo_refunds", "Refunds, by how they ended", ["outcome"])


def record(session: Session, gateway: Gateway, report: RefundReport, cause: str) -> Verdict:
    """Apply what `gateway` says of a refund, in the caller's transaction. Idempotent."""
    if not report.merchant.items() <= gateway.merchant.items():
        return _alarm(Verdict.WRONG_MERCHANT, report)
    try:
        order, refund = finding.locked_as_known_there(session, gateway.name, report.refund_no)
    except NotFound:
        return _alarm(Verdict.UNKNOWN_REFUND, report)
    if order.order_no != report.order_no or refund.freed_at is None:
        return _alarm(Verdict.UNKNOWN_REFUND, report)
    if report.amount_fen not in (None, refund.amount_fen):
        return _alarm(Verdict.WRONG_AMOUNT, report)
    return _apply(session, order, refund, report, cause)


def finish(session: Session, order: Order, refund: Refund, cause: str) -> None:
    """The payer has the money: the books say so, and the order when nothing of it is left."""
    refund.state, refund.done_at, refund.last_error = "done", clock.now(), None
    book(
        session,
        Kind.REFUND,
        refund.refund_no,
        debit=REFUNDS,
        credit=order.gateway,
        amount_fen=refund.amount_fen,
        order_no=order.order_no,
    )
    session.flush()
    if order.status == "refunding" and not _unfinished(session, order):
        advance(session, order, "refunded", cause)
    _refunds.labels("done").inc()


def give_up(refund: Refund, reason: str) -> None:
    """Leave a locked refund to the desk. What is done stays done."""
    if refund.state == "done":
        return
    if refund.state != "stuck":
        _log.error("refund_stuck", refund_no=refund.refund_no, reason=reason)
        _refunds.labels("stuck").inc()
    refund.state, refund.last_error = "stuck", reason[:48]


def _apply(
    session: Session, order: Order, refund: Refund, report: RefundReport, cause: str
) -> Verdict:
    if refund.state == "done":
        return Verdict.DUPLICATE
    if report.state is RefundState.DONE:
        finish(session, order, refund, cause)
    elif report.state in (RefundState.CLOSED, RefundState.ABNORMAL):
        give_up(refund, report.state.value)
    else:
        return Verdict.IGNORED
    return Verdict.ACCEPTED


def _unfinished(session: Session, order: Order) -> int:
    """How many of the order's own refunds are under way; one of a second trade is not its own."""
    return (
        session.scalar(
            select(func.count()).where(
                Refund.order_id == order.id, Refund.state != "done", Refund.trade_no.is_(None)
            )
        )
        or 0
    )


def _alarm(verdict: Verdict, report: RefundReport) -> Verdict:
    """Money that went back without us, or not as we asked, is for a person to look at."""
    _log.error("refund_does_not_fit", verdict=verdict.value, refund_no=report.refund_no)
    _refunds.labels(verdict.value).inc()
    return verdict
