"""What the customer sees of orders and payments: the true state at every moment."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from payments.counter.gateway import COUNTER
from payments.gateways.base import Product
from payments.models import Order, OrderItem, PostingTask
from payments.refunds.seen import GivenBack, Progress, refunds_of
from runtime import clock
from runtime.errors import NotFound
from service.access import Right, visible_account
from service.models import Posting, Reversal

CERTAIN_AFTER = timedelta(minutes=10)
"""After an order's end the gateway has been asked often enough for a certain answer."""


class Stage(StrEnum):
    """An order as a customer needs to know it."""

    STARTED = "started"  # not at the gateway yet
    AWAITING = "awaiting"
    UNKNOWN = "unknown"  # its time is over and the gateway has not said how it ended
    CREDITING = "crediting"
    POSTED = "posted"
    CLOSED = "closed"
    FAILED = "failed"
    REFUNDING = "refunding"
    REFUNDED = "refunded"


_STAGES = {
    "paid": Stage.CREDITING,
    "posted": Stage.POSTED,
    "refunding": Stage.REFUNDING,
    "refunded": Stage.REFUNDED,
}


@dataclass(frozen=True)
class Item:
    """A line of an order, in fen."""

    account_no: str
    bill_no: str | None
    period: str | None
    principal_fen: int
    late_fen: int
    amount_fen: int


@dataclass(frozen=True)
class OrderView:
    """An order as its owner sees it. `certain_by`: when an unknown result will be known.

    `refunded_fen` counts the refunds of the payment from the moment they are decided; `trade_no`
    is the gateway's own number of it.
    """

    order_no: str
    stage: Stage
    gateway: str
    product: str
    purpose: str
    amount_fen: int
    items: tuple[Item, ...]
    destination: dict[str, Any]
    created_at: datetime
    expires_at: datetime
    certain_by: datetime
    paid_at: datetime | None
    posted_at: datetime | None
    close_reason: str | None
    trade_no: str | None
    refunded_fen: int = 0
    refunds: tuple[GivenBack, ...] = ()

    @property
    def account_nos(self) -> list[str]:
        return sorted({item.account_no for item in self.items})

    @property
    def settled(self) -> bool:
        """Whether nothing will change any more, so that a page may stop asking."""
        return self.stage in (Stage.POSTED, Stage.CLOSED, Stage.FAILED, Stage.REFUNDED)


@dataclass(frozen=True)
class Share:
    """What a payment gave to one bill, in fen: of the bill itself, and of its late charge."""

    bill_no: str
    principal_fen: int
    late_fen: int

    @property
    def amount_fen(self) -> int:
        return self.principal_fen + self.late_fen


@dataclass(frozen=True)
class TakenBack:
    """Money of a payment that the core took back; `shares` are what of bills is owed again."""

    amount_fen: int
    at: datetime
    shares: tuple[Share, ...] = ()


@dataclass(frozen=True)
class Payment:
    """A payment in an account's history; `stage` is posted for what the core has confirmed.

    Of `refunds` only the part of this account concerns it. `reversals` are what the core took
    back, for a refund of ours or for a reason of its own.
    """

    at: datetime
    amount_fen: int
    channel: str
    order_no: str
    stage: Stage
    posting_no: str | None = None
    shares: tuple[Share, ...] = ()
    credit_fen: int = 0
    account_no: str = ""
    refunds: tuple[GivenBack, ...] = ()
    reversals: tuple[TakenBack, ...] = ()

    @property
    def returned_fen(self) -> int:
        """What of this account's money goes back or has gone back."""
        asked = sum(each.parts.get(self.account_no, 0) for each in self.refunds)
        return max(asked, sum(each.amount_fen for each in self.reversals))

    def share_of(self, bill_no: str) -> Share | None:
        """What of it went to a bill; None when nothing did."""
        return next((share for share in self.shares if share.bill_no == bill_no), None)

    def taken_back(self, bill_no: str) -> Share:
        """What the core took back from a bill with this payment's money."""
        parts = [
            share
            for reversal in self.reversals
            for share in reversal.shares
            if share.bill_no == bill_no
        ]
        principal_fen = sum(share.principal_fen for share in parts)
        return Share(bill_no, principal_fen, sum(share.late_fen for share in parts))


def order_view(session: Session, user_id: int, order_no: str) -> OrderView:
    """The user's own order. Raises NotFound."""
    order = session.scalars(select(Order).where(Order.order_no == order_no, own(user_id))).first()
    if order is None:
        raise NotFound("order.not_found")
    return OrderView(
        order_no=order.order_no,
        stage=stage_of(order),
        gateway=order.gateway,
        product=order.product,
        purpose=order.purpose,
        amount_fen=order.amount_fen,
        items=tuple(_item(item) for item in order.items),
        destination=order.destination or {},
        created_at=order.created_at,
        expires_at=order.expires_at,
        certain_by=max(order.expires_at, clock.now()) + CERTAIN_AFTER,
        paid_at=order.paid_at,
        posted_at=order.posted_at,
        close_reason=order.close_reason,
        trade_no=order.trade_no,
        refunded_fen=order.refunded_fen,
        refunds=refunds_of(session, [order.order_no]).get(order.order_no, ()),
    )


def payments_of(session: Session, user_id: int, account_no: str) -> list[Payment]:
    """An account's payments, the newest first: what the core posted and what is on its way.

    Raises NotFound and Forbidden as `visible_account` does.
    """
    visible_account(session, user_id, account_no, needs=Right.SEE_BILLS)
    return payments_at_the_desk(session, account_no)


def payments_at_the_desk(session: Session, account_no: str) -> list[Payment]:
    """The same of any account: for the utility's own people alone."""
    payments = [*_posted(session, account_no), *_on_the_way(session, account_no)]
    refunds = refunds_of(session, {payment.order_no for payment in payments})
    payments = [_with_refunds(each, account_no, refunds) for each in payments]
    return sorted(payments, key=lambda payment: payment.at, reverse=True)


def own(user_id: int) -> ColumnElement[bool]:
    """Whether an order is the user's own act: not cash that they took for others at the counter."""
    return and_(Order.user_id == user_id, Order.product != Product.CASH)


def last_gateway(session: Session, user_id: int) -> str | None:
    """The gateway of the user's last payment."""
    return session.scalar(
        select(Order.gateway)
        .where(own(user_id), Order.paid_at.is_not(None))
        .order_by(Order.paid_at.desc())
        .limit(1)
    )


def stage_of(order: Order) -> Stage:
    """The order as a customer needs to know it."""
    if order.status in _STAGES:
        return _STAGES[order.status]
    if order.status == "closed":
        return Stage.FAILED if order.close_reason == "gateway_failed" else Stage.CLOSED
    at_counter = order.gateway == COUNTER.name  # which knows how every order of its own ended
    if clock.now() >= order.expires_at:
        return Stage.CLOSED if at_counter else Stage.UNKNOWN
    return Stage.STARTED if order.status == "created" and not at_counter else Stage.AWAITING


def _with_refunds(
    payment: Payment, account_no: str, refunds: dict[str, tuple[GivenBack, ...]]
) -> Payment:
    """With those of its refunds that concern the account; one that gave back all is no payment."""
    mine = tuple(each for each in refunds.get(payment.order_no, ()) if account_no in each.parts)
    payment = replace(payment, account_no=account_no, refunds=mine)
    if payment.returned_fen < payment.amount_fen:
        return payment
    done = all(each.progress is Progress.DONE for each in mine)
    return replace(payment, stage=Stage.REFUNDED if done else Stage.REFUNDING)


def _item(item: OrderItem) -> Item:
    return Item(
        item.account_no,
        item.bill_no,
        item.period,
        item.principal_fen,
        item.late_fen,
        item.amount_fen,
    )


def _posted(session: Session, account_no: str) -> list[Payment]:
    rows = session.execute(
        select(Posting, Reversal)
        .outerjoin(Reversal, Reversal.posting_no == Posting.posting_no)
        .where(Posting.account_no == account_no)
        .order_by(Posting.posting_no, Reversal.reversed_at)
    )
    return [
        _payment(posting, [reversal for _, reversal in found if reversal is not None])
        for posting, found in groupby(rows, lambda row: row[0])
    ]


def _payment(posting: Posting, reversals: list[Reversal]) -> Payment:
    return Payment(
        at=posting.paid_at,
        amount_fen=posting.amount_fen,
        channel=posting.channel,
        order_no=posting.order_no,
        stage=Stage.POSTED,
        posting_no=posting.posting_no,
        shares=_shares(posting.allocations),
        credit_fen=posting.credit_fen,
        reversals=tuple(
            TakenBack(row.amount_fen, row.reversed_at, _shares(row.allocations))
            for row in reversals
        ),
    )


def _shares(allocations: list[dict[str, Any]]) -> tuple[Share, ...]:
    return tuple(
        Share(part["bill_no"], part["principal_fen"], part["late_fee_fen"]) for part in allocations
    )


def _on_the_way(session: Session, account_no: str) -> list[Payment]:
    """Paid orders whose posting is not in the copy, and those that went or go back."""
    seen = select(Posting.posting_no).where(Posting.posting_no == PostingTask.posting_no)
    rows = session.execute(
        select(Order, OrderItem, PostingTask.posting_no)
        .join(OrderItem, OrderItem.order_id == Order.id)
        .outerjoin(
            PostingTask,
            (PostingTask.order_id == Order.id) & (PostingTask.account_no == account_no),
        )
        .where(OrderItem.account_no == account_no, Order.paid_at.is_not(None), ~seen.exists())
        .order_by(Order.id, OrderItem.id)
    )
    orders: dict[str, tuple[Order, list[OrderItem]]] = {}
    for order, item, _posting_no in rows:
        orders.setdefault(order.order_no, (order, []))[1].append(item)
    return [_unposted(order, items) for order, items in orders.values()]


def _unposted(order: Order, items: list[OrderItem]) -> Payment:
    assert order.paid_at is not None  # noqa: S101 - the query asks for paid orders
    stage = stage_of(order)
    return Payment(
        at=order.paid_at,
        amount_fen=sum(item.amount_fen for item in items),
        channel=order.gateway,
        order_no=order.order_no,
        stage=Stage.CREDITING if stage is Stage.POSTED else stage,
        shares=tuple(
            Share(item.bill_no, item.principal_fen, item.late_fen)
            for item in items
            if item.bill_no is not None
        ),
    )
