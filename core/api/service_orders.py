"""Service orders: work for a customer."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Response
from pydantic import Field, StringConstraints

from core import published
from core.api.errors import CONFLICT, NOT_FOUND
from core.api.forms import AccountNo, Details, Given, IdempotencyKey, Told, Unit
from core.billing import service_orders

router = APIRouter(prefix="/v1/service-orders", tags=["service orders"])

Number = Annotated[str, Path(pattern=r"^S[0-9]{12}$", examples=["S000000000001"])]
Status = Literal["received", "accepted", "in_progress", "done", "rejected", "cancelled"]


class OrderGiven(Given):
    """Work that is asked for."""

    kind: Annotated[
        str, StringConstraints(pattern=r"^[a-z_]{1,32}$"), Field(examples=["outage_report"])
    ]
    account_no: Annotated[AccountNo, Field(examples=["420011875603"])] | None = None
    details: Details = Field(
        default={}, description="What the kind of work needs", examples=[{"note": "整栋楼停电"}]
    )


class Move(Given):
    """The status an order comes to, and what is to be added to its details."""

    status: Status
    details: Details | None = None


class OrderTold(Told):
    """A service order and how far it is."""

    service_order_no: str
    account_no: str | None
    kind: str
    status: Status
    details: dict[str, Any]
    created_at: datetime
    updated_at: datetime


def _told(order: service_orders.Order) -> dict[str, Any]:
    return published.service_order_data(order.row, order.account_no)


@router.post(
    "",
    status_code=201,
    response_model=OrderTold,
    responses={200: {"model": OrderTold, "description": "Made before"}} | NOT_FOUND | CONFLICT,
)
def create(
    unit: Unit, response: Response, order: OrderGiven, idempotency_key: IdempotencyKey
) -> dict[str, Any]:
    """Ask for work, once."""
    made = service_orders.create(unit, idempotency_key, order.kind, order.account_no, order.details)
    response.status_code = 200 if made.replayed else 201
    return _told(made)


@router.get("/{service_order_no}", response_model=OrderTold, responses=NOT_FOUND)
def show(unit: Unit, service_order_no: Number) -> dict[str, Any]:
    """The order and its status."""
    return _told(service_orders.find(unit, service_order_no))


@router.patch("/{service_order_no}", response_model=OrderTold, responses=NOT_FOUND | CONFLICT)
def move(unit: Unit, service_order_no: Number, step: Move) -> dict[str, Any]:
    """Bring the order on: received, accepted, in_progress, done; or rejected, or cancelled."""
    return _told(service_orders.move(unit, service_order_no, step.status, step.details))
