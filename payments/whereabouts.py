"""Where the money of a payment is: the gateway, our own order and the core are asked, now.

A side knows, does not know, or is away. Gateway and core are asked side by side, for a few seconds
and with no database connection held meanwhile. What the gateway says is applied as a callback
would be, and the jobs that should be at work are asked for: asking also cures.
"""

import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments import history, receipts, soon
from payments.counter.gateway import COUNTER
from payments.gateways.base import Gateway, GatewayError, Trade, TradeState
from payments.history import OrderView
from payments.models import Order, OrderEvent
from payments.states import OPEN
from runtime import clock
from runtime.database import Database
from runtime.errors import Unavailable
from runtime.logs import get_logger
from service.core_client import Booked

PATIENCE_SECONDS = 3.0
"""A side that has not answered by then counts as away."""

CREDITED_WITHIN = timedelta(minutes=10)
"""How long posting a payment takes at most, as customers are told."""

T = TypeVar("T")
_log = get_logger(__name__)


class AtGateway(StrEnum):
    """What the gateway says of the order."""

    PAID = "paid"
    UNPAID = "unpaid"
    CLOSED = "closed"
    RETURNED = "returned"  # of WeChat Pay also: a part of it
    UNKNOWN = "unknown"
    AWAY = "away"


class WithUs(StrEnum):
    """What our own order says, once the gateway's answer is applied."""

    OPEN = "open"
    LAPSED = "lapsed"  # its time is over, and it is not closed yet
    CLOSED = "closed"
    RECEIVED = "received"
    DELAYED = "delayed"  # received, and posting takes longer than customers are told
    POSTED = "posted"
    RETURNING = "returning"
    RETURNED = "returned"


class InCore(StrEnum):
    """What the core's books say: of all accounts of the order, of some, of none."""

    ALL = "all"
    SOME = "some"
    NONE = "none"
    BACK = "back"  # it was posted, and all of it taken back
    AWAY = "away"


@dataclass(frozen=True)
class Whereabouts:
    """Three sides, and the times that are known; `posted` are the accounts that have their money.

    `credited_by` is when the rest is posted at the latest, `certain_by` when we shall know what
    the gateway does not say now.
    """

    gateway: AtGateway
    ours: WithUs
    core: InCore
    way: str
    paid_at: datetime | None
    received_at: datetime | None
    posted_at: datetime | None
    returned_at: datetime | None
    posted: tuple[str, ...]
    waiting: tuple[str, ...]
    expires_at: datetime
    credited_by: datetime
    certain_by: datetime


class Books(Protocol):
    """The core, as far as it is asked here."""

    def booked(self, order_no: str) -> Booked:
        """What the core has of an order. Raises Unavailable."""


@dataclass(frozen=True)
class Seeker:
    """Asks all three sides; `gateways` are hurried ones."""

    database: Database
    gateways: Mapping[str, Gateway]
    core: Books
    patience: float = PATIENCE_SECONDS

    def find(self, user_id: int, order_no: str) -> Whereabouts:
        """Where the money of the user's own order is. Raises NotFound for anybody else's."""
        with self.database.reading() as session:
            order = history.order_view(session, user_id, order_no)
        trade, booked = self._ask(order)
        with self.database.unit_of_work() as session:
            self._apply(session, order, trade)
        with self.database.reading() as session:
            order = history.order_view(session, user_id, order_no)
            found = _whereabouts(order, trade, booked, _received_at(session, order_no))
        _log.info(
            "asked_where",
            order_no=order_no,
            gateway=found.gateway.value,
            ours=found.ours.value,
            core=found.core.value,
        )
        return found

    def _ask(self, order: OrderView) -> tuple[Trade | None, Booked | None]:
        """Both at once; None is whoever did not answer in time."""
        until = time.monotonic() + self.patience
        pool = ThreadPoolExecutor(2, "whereabouts")
        try:
            trade = pool.submit(self._trade, order)
            booked = pool.submit(self._booked, order.order_no)
            return _by(trade, until), _by(booked, until)
        finally:
            pool.shutdown(wait=False)

    def _trade(self, order: OrderView) -> Trade | None:
        """What the gateway says; of our own counter, what our own books say."""
        if order.gateway == COUNTER.name:
            paid = order.paid_at is not None
            return Trade(order.order_no, TradeState.PAID if paid else TradeState.AWAITING)
        gateway = self.gateways.get(order.gateway)
        try:
            return gateway.query(order.order_no) if gateway else None
        except GatewayError as error:
            _log.warning("gateway_not_asked", order_no=order.order_no, reason=error.reason)
            return None

    def _booked(self, order_no: str) -> Booked | None:
        try:
            return self.core.booked(order_no)
        except Unavailable:
            return None

    def _apply(self, session: Session, order: OrderView, trade: Trade | None) -> None:
        """As a callback would; then whoever should be at work on the order is called."""
        gateway = self.gateways.get(order.gateway)
        if trade is not None and gateway is not None:
            receipts.record(session, gateway, trade, "query")
        row = session.scalars(select(Order).where(Order.order_no == order.order_no)).one()
        if row.status in OPEN and clock.now() >= row.expires_at:
            soon.ask(session, order.order_no)
        if row.status == "paid":
            soon.post(session, order.order_no)


def _by(future: Future[T | None], until: float) -> T | None:
    try:
        return future.result(timeout=max(0.0, until - time.monotonic()))
    except TimeoutError:
        return None


def _received_at(session: Session, order_no: str) -> datetime | None:
    """When we learned that it was paid."""
    return session.scalar(
        select(func.min(OrderEvent.at))
        .join(Order, Order.id == OrderEvent.order_id)
        .where(Order.order_no == order_no, OrderEvent.to_status == "paid")
    )


def _whereabouts(
    order: OrderView, trade: Trade | None, booked: Booked | None, received_at: datetime | None
) -> Whereabouts:
    received_at = received_at or order.paid_at
    credited_by = (received_at or clock.now()) + CREDITED_WITHIN
    posted = sorted({each.account_no for each in booked.postings}) if booked else []
    waiting = [number for number in order.account_nos if number not in posted]
    return Whereabouts(
        gateway=_at_gateway(trade),
        ours=_with_us(order, credited_by),
        core=_in_core(booked, waiting),
        way=order.gateway,
        paid_at=(trade.paid_at if trade else None) or order.paid_at,
        received_at=received_at,
        posted_at=_last_posted(booked) or order.posted_at,
        returned_at=max((each.done_at for each in order.refunds if each.done_at), default=None),
        posted=tuple(posted),
        waiting=tuple(waiting),
        expires_at=order.expires_at,
        credited_by=credited_by,
        certain_by=order.certain_by,
    )


def _last_posted(booked: Booked | None) -> datetime | None:
    return max((each.posted_at for each in booked.postings), default=None) if booked else None


_GATEWAY = {
    TradeState.PAID: AtGateway.PAID,
    TradeState.AWAITING: AtGateway.UNPAID,
    TradeState.CLOSED: AtGateway.CLOSED,
    TradeState.REFUNDED: AtGateway.RETURNED,
    TradeState.ABSENT: AtGateway.UNKNOWN,
}
_OURS = {
    "started": WithUs.OPEN,
    "awaiting": WithUs.OPEN,
    "unknown": WithUs.LAPSED,
    "closed": WithUs.CLOSED,
    "failed": WithUs.CLOSED,
    "crediting": WithUs.RECEIVED,
    "posted": WithUs.POSTED,
    "refunding": WithUs.RETURNING,
    "refunded": WithUs.RETURNED,
}


def _at_gateway(trade: Trade | None) -> AtGateway:
    return AtGateway.AWAY if trade is None else _GATEWAY[trade.state]


def _with_us(order: OrderView, credited_by: datetime) -> WithUs:
    ours = _OURS[order.stage]
    late = ours is WithUs.RECEIVED and clock.now() > credited_by
    return WithUs.DELAYED if late else ours


def _in_core(booked: Booked | None, waiting: list[str]) -> InCore:
    if booked is None:
        return InCore.AWAY
    if not booked.postings:
        return InCore.NONE
    brought = sum(each.amount_fen for each in booked.postings)
    if sum(each.amount_fen for each in booked.reversals) >= brought:
        return InCore.BACK
    return InCore.SOME if waiting else InCore.ALL
