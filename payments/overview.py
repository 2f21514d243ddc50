"""A customer's own payments: the list of them, and one with all its parts and how far each is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from payments.counter.gateway import COUNTER
from payments.history import Item, OrderView, Stage, own, stage_of
from payments.models import Order, PostingTask, Refund
from payments.states import OPEN
from runtime import clock
from service.models import User

FAILED_FOR = timedelta(days=3)
"""A payment that did not come about is news for so long."""


@dataclass(frozen=True)
class Entry:
    """A payment in the customer's own list, in fen; `at` is when it was paid, or begun."""

    order_no: str
    at: datetime
    amount_fen: int
    gateway: str
    purpose: str
    stage: Stage
    returned_fen: int
    account_nos: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """What a payment brings to one account, in fen; not posted while `posted_at` is None."""

    account_no: str
    amount_fen: int
    items: tuple[Item, ...]
    posted_at: datetime | None
    returned_fen: int
    tried: int


class Step(StrEnum):
    """The steps of a refund, in their order."""

    DECIDED = "decided"
    TAKEN_BACK = "taken_back"  # out of the accounts, in the core
    AT_GATEWAY = "at_gateway"
    DONE = "done"


@dataclass(frozen=True)
class Reached:
    """A step of a refund, and when it was reached; None while it was not."""

    step: Step
    at: datetime | None


@dataclass(frozen=True)
class Payer:
    """Who paid an order of ours, for those who see the account that it was paid for."""

    user_id: int
    name: str | None


def own_payments(
    session: Session, user_id: int, *, limit: int, offset: int = 0, at_cashier: bool = False
) -> list[Entry]:
    """The user's orders that had money, may have it, or failed lately; the newest first.

    `at_cashier`: also those with which the user was sent to a cashier and whose time still runs.
    """
    at = func.coalesce(Order.paid_at, Order.created_at)
    shown = or_(_shown(), Order.status == "awaiting") if at_cashier else _shown()
    rows = session.scalars(
        select(Order)
        .where(own(user_id), shown)
        .order_by(at.desc(), Order.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [_entry(order) for order in rows]


def parts_of(session: Session, order: OrderView) -> list[Part]:
    """What the payment brings to each of its accounts; the caller has the asker's own `order`."""
    rows = session.scalars(
        select(PostingTask)
        .join(Order, Order.id == PostingTask.order_id)
        .where(Order.order_no == order.order_no)
    )
    tasks = {task.account_no: task for task in rows}
    return [_part(order, number, tasks.get(number)) for number in order.account_nos]


def steps_of(session: Session, order: OrderView) -> dict[str, tuple[Reached, ...]]:
    """How far each refund of the asker's own `order` is, by number of refund.

    Money that never was in the core need not be taken back there.
    """
    if not order.refunds:
        return {}
    rows = session.scalars(
        select(Refund)
        .join(Order, Order.id == Refund.order_id)
        .where(Order.order_no == order.order_no)
        .order_by(Refund.id)
    )
    return {refund.refund_no: _steps(refund) for refund in rows}


def payers(session: Session, order_nos: Collection[str]) -> dict[str, Payer]:
    """Who paid these orders on line; the caller has checked that the asker may see them."""
    rows = session.execute(
        select(Order.order_no, Order.user_id, User.name)
        .join(User, User.id == Order.user_id)
        .where(
            Order.order_no.in_(order_nos),
            Order.paid_at.is_not(None),
            Order.gateway != COUNTER.name,
        )
    )
    return {order_no: Payer(user_id, name) for order_no, user_id, name in rows}


def _shown() -> ColumnElement[bool]:
    now = clock.now()
    unknown = and_(Order.status.in_(OPEN), Order.expires_at <= now, Order.gateway != COUNTER.name)
    failed = and_(
        Order.status == "closed",
        Order.close_reason == "gateway_failed",
        Order.created_at > now - FAILED_FOR,
    )
    return or_(Order.paid_at.is_not(None), unknown, failed)


def _entry(order: Order) -> Entry:
    return Entry(
        order_no=order.order_no,
        at=order.paid_at or order.created_at,
        amount_fen=order.amount_fen,
        gateway=order.gateway,
        purpose=order.purpose,
        stage=stage_of(order),
        returned_fen=order.refunded_fen,
        account_nos=tuple(dict.fromkeys(item.account_no for item in order.items)),
    )


def _part(order: OrderView, account_no: str, task: PostingTask | None) -> Part:
    items = tuple(item for item in order.items if item.account_no == account_no)
    return Part(
        account_no=account_no,
        amount_fen=sum(item.amount_fen for item in items),
        items=items,
        posted_at=task.posted_at if task else None,
        returned_fen=sum(each.parts.get(account_no, 0) for each in order.refunds),
        tried=task.attempts if task else 0,
    )


def _steps(refund: Refund) -> tuple[Reached, ...]:
    taken_back = (Reached(Step.TAKEN_BACK, refund.freed_at),) if refund.parts else ()
    return (
        Reached(Step.DECIDED, refund.created_at),
        *taken_back,
        Reached(Step.AT_GATEWAY, refund.asked_at),
        Reached(Step.DONE, refund.done_at),
    )
