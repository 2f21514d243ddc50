"""Money on its way and bills that are spoken for.

Between the customer's payment and the core's answer in our copy lies a while in which the copy
still calls a bill due. What is decided here keeps it from being paid a second time.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from payments.models import Order, OrderItem, PostingTask
from payments.states import OPEN
from runtime.questions import Question, among
from service.dues import is_open
from service.models import Bill, Posting


@dataclass(frozen=True)
class Hold:
    """Why a bill cannot be chosen now: an order that may still settle it, or already has."""

    bill_no: str
    order_no: str
    user_id: int
    paid: bool
    since: datetime
    until: datetime


def crediting(session: Session, account_nos: Collection[str]) -> dict[str, int]:
    """Fen received for each account and not yet in our copy of the core's postings."""
    rows = session.execute(
        select(PostingTask.account_no, func.sum(PostingTask.amount_fen))
        .where(PostingTask.account_no.in_(account_nos), ~_in_the_copy())
        .group_by(PostingTask.account_no)
    )
    return {account_no: int(fen) for account_no, fen in rows}


def held_bills(session: Session, account_nos: Collection[str]) -> dict[str, Hold]:
    """The bills of these accounts that an order holds: open, paid, or posted but not yet seen."""
    rows = _HOLDS.ask(session, account_nos=[*account_nos])
    return {
        bill_no: Hold(bill_no, order_no, user_id, status not in OPEN, since, until)
        for bill_no, order_no, user_id, status, since, until in rows
        if bill_no is not None
    }


def paid_elsewhere(session: Session, order: Order) -> bool:
    """Whether every bill of the order has been settled without it.

    A cancelled bill does not count: another has taken its place and the core settles that.
    """
    bill_nos = _bill_nos(order)
    settled = and_(Bill.status == "issued", Bill.settled_fen >= Bill.total_fen)
    statement = select(func.count()).where(
        Bill.bill_no.in_(bill_nos), or_(settled, _paid_by_another(order))
    )
    return bool(bill_nos) and session.scalar(statement) == len(bill_nos)


def still_due(session: Session, order: Order) -> bool:
    """Whether of every bill of the order just as much is owed as when it was started."""
    item = aliased(OrderItem)
    statement = (
        select(func.count())
        .select_from(item)
        .join(Bill, Bill.bill_no == item.bill_no)
        .where(
            item.order_id == order.id,
            Bill.status == "issued",
            Bill.total_fen - Bill.settled_fen == item.principal_fen,
            ~_paid_by_another(order),
        )
    )
    return session.scalar(statement) == len(_bill_nos(order))


def nothing_owed(session: Session, order: Order) -> bool:
    """Whether the order paid bills, and its accounts have none left that is not settled.

    Asked for money that comes late: what it was for may have been settled or cancelled since.
    """
    if any(item.bill_no is None for item in order.items):
        return False
    owed = select(Bill.bill_no).where(
        Bill.account_no.in_({item.account_no for item in order.items}),
        is_open(),
        ~_paid_by_another(order),
    )
    return session.scalar(owed.limit(1)) is None


def contest(session: Session, order: Order) -> list[str]:
    """Lock the open orders that hold a bill of this one, and mark them; their numbers.

    From then on a payment of theirs is looked at with care (see `payments.ordinary`).
    """
    bill_nos = _bill_nos(order)
    same_bill = exists().where(OrderItem.order_id == Order.id, OrderItem.bill_no.in_(bill_nos))
    found = session.scalars(
        update(Order)
        .where(same_bill, Order.status.in_(OPEN), Order.id != order.id)
        .values(contested=True, version=Order.version + 1)
        .returning(Order.order_no)
    )
    return sorted(found)


def _bill_nos(order: Order) -> list[str]:
    return [item.bill_no for item in order.items if item.bill_no is not None]


def _paid_by_another(order: Order) -> ColumnElement[bool]:
    return exists().where(
        OrderItem.bill_no == Bill.bill_no,
        OrderItem.order_id != order.id,
        _task_of_item(),
        ~_in_the_copy(),
    )


def _task_of_item() -> ColumnElement[bool]:
    return and_(
        PostingTask.order_id == OrderItem.order_id, PostingTask.account_no == OrderItem.account_no
    )


def _in_the_copy() -> ColumnElement[bool]:
    return exists().where(Posting.posting_no == PostingTask.posting_no)


_HOLDS = Question(
    select(
        OrderItem.bill_no,
        Order.order_no,
        Order.user_id,
        Order.status,
        Order.created_at,
        Order.expires_at,
    )
    .join(Order, Order.id == OrderItem.order_id)
    .where(
        OrderItem.account_no == among("account_nos"),
        OrderItem.bill_no.is_not(None),
        or_(Order.status.in_(OPEN), exists().where(_task_of_item(), ~_in_the_copy())),
    )
)
