"""What becomes of an order when a gateway says something about it.

A callback and the answer to a question go through `record` alike, so that it does not matter
which of them comes first, or how often. The rule for money (docs/payments.md): it is posted,
unless nothing is owed for it any more; then it goes back whole.
"""

from collections import defaultdict
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments import holds, soon
from payments.gateways.base import Gateway, Trade, TradeState
from payments.ledger.booking import RECEIVED, Kind, book
from payments.models import Order, OrderItem, PostingTask, Refund
from payments.refunds import making
from payments.states import OPEN, advance, lock_with_accounts
from runtime import clock, metrics
from runtime.logs import get_logger

_log = get_logger(__name__)
_payments = metrics.counter(
    "denghuo_payments", "Payments that gateways reported, by what became of them", ["outcome"]
)


class Verdict(StrEnum):
    """What was made of a message; the first six are answered as heard."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    UNKNOWN_ORDER = "unknown_order"
    UNKNOWN_REFUND = "unknown_refund"
    SECOND_TRADE = "second_trade"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_MERCHANT = "wrong_merchant"
    BAD_SIGNATURE = "bad_signature"
    UNKNOWN_SERIAL = "unknown_serial"
    STALE = "stale"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    CUT_SHORT = "cut_short"
    FAILED = "failed"


TAKEN = frozenset(
    {
        Verdict.ACCEPTED,
        Verdict.DUPLICATE,
        Verdict.IGNORED,
        Verdict.UNKNOWN_ORDER,
        Verdict.UNKNOWN_REFUND,
        Verdict.SECOND_TRADE,
    }
)


def record(session: Session, gateway: Gateway, trade: Trade, cause: str) -> Verdict:
    """Apply what `gateway` says of an order, in the caller's transaction. Idempotent."""
    if trade.merchant and trade.merchant != gateway.merchant:
        return _alarm(Verdict.WRONG_MERCHANT, trade)
    order = lock_with_accounts(session, trade.order_no)
    if order is None or order.gateway != gateway.name:
        return _alarm(Verdict.UNKNOWN_ORDER, trade)
    if trade.state is TradeState.PAID:
        return _paid(session, order, trade, cause)
    if trade.state in (TradeState.CLOSED, TradeState.REFUNDED) and order.status in OPEN:
        advance(session, order, "closed", "gateway_closed")
        return Verdict.ACCEPTED
    return Verdict.IGNORED


def pays_us(gateway: Gateway, trade: Trade) -> bool:
    """Whether the gateway says that our merchant was paid."""
    return trade.state is TradeState.PAID and trade.merchant == gateway.merchant


def _paid(session: Session, order: Order, trade: Trade, cause: str) -> Verdict:
    if order.paid_at is not None and order.trade_no != trade.trade_no:
        return _second(session, order, trade)
    if trade.amount_fen != order.amount_fen:
        return _alarm(Verdict.WRONG_AMOUNT, trade)
    if order.paid_at is not None:
        return Verdict.DUPLICATE
    late = order.status == "closed"
    rivals = holds.contest(session, order) if late else []
    order.trade_no, order.paid_at = trade.trade_no, trade.paid_at or clock.now()
    advance(session, order, "paid", cause)
    book_payment(session, order)
    if late and holds.nothing_owed(session, order):
        _give_back(session, order, "paid_late")
    elif holds.paid_elsewhere(session, order):
        _give_back(session, order, "paid_elsewhere")
    else:
        _credit(session, order)
    for order_no in rivals:
        soon.close(session, order_no)
    return Verdict.ACCEPTED


def book_payment(session: Session, order: Order) -> None:
    """The gateway has the money, and we owe it to the customer's account."""
    book(
        session,
        Kind.PAYMENT,
        order.order_no,
        debit=order.gateway,
        credit=RECEIVED,
        amount_fen=order.amount_fen,
        order_no=order.order_no,
    )


def _credit(session: Session, order: Order) -> None:
    """One task for each account: the core posts by account."""
    items: dict[str, list[OrderItem]] = defaultdict(list)
    for item in order.items:
        items[item.account_no].append(item)
    session.add_all(_task(order, account_no, of) for account_no, of in items.items())
    soon.post(session, order.order_no)
    _payments.labels("posting").inc()


def _task(order: Order, account_no: str, items: list[OrderItem]) -> PostingTask:
    return PostingTask(
        order_id=order.id,
        account_no=account_no,
        amount_fen=sum(item.amount_fen for item in items),
        bill_nos=[item.bill_no for item in items if item.bill_no is not None],
        idempotency_key=f"{order.order_no}:{account_no}",
    )


def _give_back(session: Session, order: Order, reason: str) -> None:
    making.give_back_whole(session, order, reason)
    _payments.labels("refund").inc()


def _second(session: Session, order: Order, trade: Trade) -> Verdict:
    """Another payment for what is paid already: the gateway is asked whether it is true."""
    if trade.trade_no is None:
        return _alarm(Verdict.SECOND_TRADE, trade)
    known = select(Refund.id).where(Refund.order_id == order.id, Refund.trade_no == trade.trade_no)
    if session.scalar(known) is not None:
        return Verdict.DUPLICATE
    soon.second_trade(session, order.gateway, order.order_no, trade.trade_no)
    return _alarm(Verdict.SECOND_TRADE, trade)


def _alarm(verdict: Verdict, trade: Trade) -> Verdict:
    """Money that does not fit is for a person to look at: it is in the log and in the figures."""
    if trade.state is TradeState.PAID:
        _log.error("payment_does_not_fit", verdict=verdict.value, order_no=trade.order_no)
        _payments.labels(verdict.value).inc()
    return verdict
