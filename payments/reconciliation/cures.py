"""What cures itself: the gateway is asked again, the core is told again, and then it is looked.

A cure never decides anything of its own: what the gateway says goes the way of a callback
(`payments.receipts.record`), what is to be posted goes the way of every posting.
"""

from datetime import timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from payments import receipts, soon
from payments.gateways import Gateways
from payments.gateways.base import named
from payments.models import Order
from payments.receipts import Verdict
from payments.reconciliation.models import Difference
from payments.reconciliation.standing import UNSETTLED
from runtime import clock, metrics
from runtime.database import Database
from runtime.logs import get_logger

PATIENCE = timedelta(days=1)
"""After so long a cure has not helped, and a person must look."""

AS_SAID = frozenset({Verdict.ACCEPTED, Verdict.DUPLICATE})

_log = get_logger(__name__)
_unsettled = metrics.gauge(
    "denghuo_differences", "Differences that are not settled", ["class", "state"]
)


def start(session: Session, how: str | None, source: str, order_no: str, key: str) -> None:
    """Ask for the job; a refund that is under way has one, and the next statement will come."""
    if how == "ask_gateway":
        soon.recover(session, order_no)
    elif how == "second_trade":
        soon.second_trade(session, source, order_no, key)
    elif how == "post":
        soon.post(session, order_no)


def recover(database: Database, gateways: Gateways, order_no: str) -> None:
    """Ask about an order that a statement has as paid, and record what is said; closed or not.

    Raises GatewayError when the gateway cannot say now; the job asks again.
    """
    with database.unit_of_work() as session:
        name = session.scalars(select(Order.gateway).where(Order.order_no == order_no)).one()
    gateway = named(gateways, name)
    trade = gateway.query(order_no)
    with database.unit_of_work() as session:
        verdict = receipts.record(session, gateway, trade, "statement")
        if verdict not in AS_SAID:
            _log.error("difference_not_cured", order_no=order_no, verdict=verdict.value)
            session.execute(text(_GIVE_UP), {"order_no": order_no, "now": clock.now()})


def look(session: Session) -> int:
    """See which cures have worked, and give up those that have not; returns how many worked."""
    now = clock.now()
    cured = sum(len(session.execute(text(each), {"now": now}).all()) for each in _CURED)
    given_up = session.execute(text(_OVERDUE), {"now": now, "before": now - PATIENCE}).all()
    for kind, key in given_up:
        _log.error("difference_not_cured", kind=kind, key=key)
    _count(session)
    return cured


def _count(session: Session) -> None:
    unsettled = select(Difference.kind, Difference.state, func.count()).where(
        Difference.state.in_(UNSETTLED)
    )
    _unsettled.clear()
    for kind, state, count in session.execute(
        unsettled.group_by(Difference.kind, Difference.state)
    ):
        _unsettled.labels(kind, state).set(count)


_GIVE_UP = """
    UPDATE difference SET state = 'open', how = NULL, changed_at = :now
    WHERE order_no = :order_no AND state = 'curing' AND how = 'ask_gateway'
"""
_OVERDUE = """
    UPDATE difference SET state = 'open', how = NULL, changed_at = :now
    WHERE state = 'curing' AND changed_at < :before
      AND how IN ('ask_gateway', 'second_trade', 'post', 'refund')
    RETURNING class, key
"""
_PAID = """
    UPDATE difference SET state = 'cured', changed_at = :now, how = 'recorded'
    FROM payment_order placed
    WHERE difference.state IN ('open', 'curing') AND difference.class = 'missing_callback'
      AND placed.order_no = difference.order_no AND placed.paid_at IS NOT NULL
      AND placed.amount_fen = difference.gateway_fen
    RETURNING difference.id
"""
_GIVEN_BACK = """
    UPDATE difference SET state = 'cured', changed_at = :now, how = 'given_back'
    FROM payment_refund refund
    WHERE difference.state IN ('open', 'curing') AND difference.class = 'duplicate'
      AND refund.trade_no = difference.key
    RETURNING difference.id
"""
_POSTED = """
    UPDATE difference SET state = 'cured', changed_at = :now, how = 'posted'
    FROM posting_task task
    WHERE difference.state IN ('open', 'curing')
      AND difference.class IN ('missing_posting', 'unrecorded')
      AND task.idempotency_key = difference.key AND task.posting_no IS NOT NULL
      AND task.posting_no = coalesce(evidence->'line'->>'posting_no', task.posting_no)
    RETURNING difference.id
"""
_REFUNDED = """
    UPDATE difference SET state = 'cured', changed_at = :now, how = 'refunded'
    FROM payment_refund refund
    WHERE difference.state IN ('open', 'curing') AND difference.class = 'refund_not_here'
      AND refund.gateway_no = difference.key AND refund.done_at IS NOT NULL
      AND refund.amount_fen = difference.gateway_fen
    RETURNING difference.id
"""
_REVERSED = """
    UPDATE difference SET state = 'cured', changed_at = :now, how = 'reversed'
    WHERE state IN ('open', 'curing') AND class = 'refund_not_here' AND source = 'core'
      AND core_fen = (
        SELECT sum(part.amount_fen) FROM payment_refund_part part
        JOIN posting_task task ON task.id = part.task_id
        WHERE task.posting_no = split_part(difference.key, '/', 1)
          AND CAST(part.reversed_at AT TIME ZONE 'Asia/Shanghai' AS date) = difference.day)
    RETURNING id
"""
_CURED = (_PAID, _GIVEN_BACK, _POSTED, _REFUNDED, _REVERSED)
