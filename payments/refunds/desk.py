"""What the desk sees of an order, and does about refunds that did not get through."""

from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from payments import soon
from payments.models import Order, OrderItem, PostingTask, Refund
from payments.refunds import finding, making
from payments.refunds.asking import KIND
from runtime.crypto import blind_index
from runtime.errors import Conflict, NotFound
from runtime.logs import get_logger
from service.approvals import Approval
from service.models import User

MOST_FOUND = 20
_ACCOUNT, _PHONE = 12, 11

_log = get_logger(__name__)


@dataclass(frozen=True)
class Case:
    """An order as the desk sees it. `left` is what can still go back from each account, in fen."""

    order: Order
    payer: User
    postings: list[PostingTask]
    refunds: list[Refund]
    left: dict[str, int]
    waiting: Approval | None

    @property
    def may_ask(self) -> bool:
        """Whether something can go back, and nobody waits for an answer about it."""
        return self.order.status == "posted" and bool(self.left) and self.waiting is None


def case(session: Session, order_no: str) -> Case:
    """Raises NotFound("order.not_found"). The caller has checked that the asker is staff."""
    order = session.scalars(select(Order).where(Order.order_no == order_no)).one_or_none()
    if order is None:
        raise NotFound("order.not_found")
    of_order = {"order_id": order.id}
    asked = select(Approval).filter_by(kind=KIND, subject=order_no, status="asked")
    return Case(
        order,
        session.get_one(User, order.user_id),
        list(session.scalars(select(PostingTask).filter_by(**of_order).order_by(PostingTask.id))),
        list(session.scalars(select(Refund).filter_by(**of_order).order_by(Refund.id))),
        making.left_of(session, order),
        session.scalars(asked).one_or_none(),
    )


def search(session: Session, typed: str) -> list[Order]:
    """Paid orders, the newest first: of an account (12 digits), of whoever has a phone (11
    digits), or the order of this very number, paid or not. The caller's asker is staff.
    """
    orders = select(Order).order_by(Order.paid_at.desc()).limit(MOST_FOUND)
    if not typed.isdigit() or len(typed) not in (_ACCOUNT, _PHONE):
        return list(session.scalars(orders.where(Order.order_no == typed)))
    orders = orders.where(Order.paid_at.is_not(None))
    if len(typed) == _ACCOUNT:
        of_account = exists().where(OrderItem.order_id == Order.id, OrderItem.account_no == typed)
        return list(session.scalars(orders.where(of_account)))
    index = blind_index(typed, "user.phone")
    payer = select(User.id).where(User.phone_index == index).scalar_subquery()
    return list(session.scalars(orders.where(Order.user_id == payer)))


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
    tries = refund.gateway_no.removeprefix(refund.refund_no).removeprefix("x")
    return f"{refund.refund_no}x{int(tries or 1) + 1}"
