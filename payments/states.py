"""The life of an order, and the one way to move along it."""

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from payments.models import Order, OrderEvent, OrderItem
from runtime import clock

TRANSITIONS: dict[str, frozenset[str]] = {
    "created": frozenset({"awaiting", "paid", "closed"}),
    "awaiting": frozenset({"paid", "closed"}),
    "closed": frozenset({"paid"}),  # money that came after all
    "paid": frozenset({"posted", "refunding"}),
    "refunding": frozenset({"refunded"}),
    "posted": frozenset({"refunding"}),  # all of it goes back
    "refunded": frozenset(),
}
OPEN = ("created", "awaiting")
"""States in which the customer can still pay."""

HOLDING = frozenset({"created", "awaiting", "paid"})
"""States in which an order keeps its bills from being paid by another."""


class ForbiddenTransition(Exception):  # noqa: N818 - it says what it is
    """An order was asked to go where its state does not lead: a fault of ours."""


def advance(
    session: Session, order: Order, to: str, cause: str, at: datetime | None = None
) -> None:
    """Move a locked order to state `to` and write it down. Raises ForbiddenTransition."""
    if to not in TRANSITIONS[order.status]:
        raise ForbiddenTransition(f"order {order.id}: {order.status} to {to}")
    session.add(OrderEvent(order_id=order.id, from_status=order.status, to_status=to, cause=cause))
    order.status = to
    if to == "posted":
        order.posted_at = at or clock.now()
    if to == "closed":
        order.closed_at, order.close_reason = at or clock.now(), cause
    if to not in HOLDING:
        release(order)


def release(order: Order) -> None:
    """Let other orders have the bills of this one."""
    for item in order.items:
        item.held = False


def lock_order(session: Session, order_no: str) -> Order | None:
    """The order, locked against every other change until the end of the transaction."""
    return session.scalars(
        select(Order)
        .where(Order.order_no == order_no)
        .with_for_update(of=Order)
        .execution_options(populate_existing=True)
    ).one_or_none()


def lock_with_accounts(session: Session, order_no: str) -> Order | None:
    """The order under lock, its accounts before it (see `lock_accounts`)."""
    accounts = select(OrderItem.account_no).join(Order).where(Order.order_no == order_no)
    lock_accounts(session, set(session.scalars(accounts)))
    return lock_order(session, order_no)


def lock_accounts(session: Session, account_nos: set[str]) -> None:
    """Let no two transactions decide about the bills of these accounts at the same time.

    Taken before the lock of an order, in sorted order, so that nobody waits in a circle.
    """
    session.execute(_LOCK_ACCOUNTS, {"account_nos": sorted(account_nos)})


_LOCK_ACCOUNTS = text("""
    SELECT pg_advisory_xact_lock(hashtextextended('payments:' || account_no, 0))
    FROM unnest(CAST(:account_nos AS text[])) WITH ORDINALITY AS given (account_no, place)
    ORDER BY place
""")
