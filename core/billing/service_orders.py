"""Service orders: work the utility does for a customer, from a request to its end."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import feed, published
from core.billing.accounts import find_account
from core.billing.requests import fingerprint, keep_once
from core.models import Account, ServiceOrder
from runtime import clock
from runtime.errors import Conflict, NotFound

NEXT = {
    "received": {"accepted", "rejected", "cancelled"},
    "accepted": {"in_progress", "rejected", "cancelled"},
    "in_progress": {"done", "cancelled"},
    "done": set(),
    "rejected": set(),
    "cancelled": set(),
}
"""Status to the statuses that may follow it."""


@dataclass(frozen=True)
class Order:
    """A service order with the number of the account it is for."""

    row: ServiceOrder
    account_no: str | None
    replayed: bool = False


def create(
    session: Session,
    idempotency_key: str,
    kind: str,
    account_no: str | None,
    details: dict[str, Any],
) -> Order:
    """A new order, or the one that the same key and request made before.

    Raises NotFound for an unknown account, Conflict when the key came with another request.
    """
    account_id = find_account(session, account_no).id if account_no else None
    request = fingerprint((kind, account_no, sorted(details.items())))
    now = clock.now()
    row, replayed = keep_once(
        session,
        ServiceOrder,
        idempotency_key,
        request,
        account_id=account_id,
        kind=kind,
        status="received",
        details=details,
        created_at=now,
        updated_at=now,
    )
    if replayed:
        return Order(row, account_no, replayed=True)
    feed.append(session, [published.service_order(row, account_no)])
    return Order(row, account_no)


def find(session: Session, service_order_no: str, *, for_update: bool = False) -> Order:
    """The order of that number. Raises NotFound."""
    query = (
        select(ServiceOrder, Account.account_no)
        .outerjoin(Account, Account.id == ServiceOrder.account_id)
        .where(ServiceOrder.service_order_no == service_order_no)
    )
    if for_update:
        query = query.with_for_update(of=ServiceOrder)
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound("service_order.not_found", service_order_no=service_order_no)
    return Order(*found)


def move(
    session: Session, service_order_no: str, status: str, details: dict[str, Any] | None
) -> Order:
    """Bring an order to a status and add to its details. The same status again is no change.

    Raises NotFound, or Conflict when that status cannot follow.
    """
    order = find(session, service_order_no, for_update=True)
    row = order.row
    if status != row.status and status not in NEXT[row.status]:
        raise Conflict("service_order.cannot_move", status=row.status, wanted=status)
    if status == row.status and not details:
        return order
    row.status, row.updated_at = status, clock.now()
    row.details = row.details | (details or {})
    feed.append(session, [published.service_order(row, order.account_no)])
    return order
