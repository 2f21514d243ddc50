"""Refunds as the customer sees them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.models import Order, Refund
from runtime import clock


class Progress(StrEnum):
    """A refund as a customer needs to know it."""

    ON_THE_WAY = "on_the_way"
    DELAYED = "delayed"  # a person of ours sees to it
    DONE = "done"


_PROGRESS = {"done": Progress.DONE, "stuck": Progress.DELAYED}


@dataclass(frozen=True)
class GivenBack:
    """Money of a payment that goes back to whoever paid, in fen.

    `parts` is what of it comes from each account; `reason` is a code of `payments.refunds.reasons`.
    """

    refund_no: str
    amount_fen: int
    parts: dict[str, int]
    reason: str
    progress: Progress
    asked_at: datetime
    done_at: datetime | None

    @property
    def day(self) -> date:
        """The day in China on which it was done, or decided while it is not."""
        return clock.civil_date(self.done_at or self.asked_at)


def refunds_of(session: Session, order_nos: Collection[str]) -> dict[str, tuple[GivenBack, ...]]:
    """The refunds of these orders, the oldest first, by number of order.

    The caller has checked that the asker may see the orders.
    """
    if not order_nos:
        return {}
    rows = session.execute(
        select(Order, Refund)
        .join(Refund, Refund.order_id == Order.id)
        .where(Order.order_no.in_(order_nos))
        .order_by(Refund.id)
    )
    found: dict[str, tuple[GivenBack, ...]] = {}
    for order, refund in rows:
        found[order.order_no] = (*found.get(order.order_no, ()), _given_back(order, refund))
    return found


def _given_back(order: Order, refund: Refund) -> GivenBack:
    """A refund without parts never was in the core: it goes back whole, as the order's items."""
    parts = {part.account_no: part.amount_fen for part in refund.parts}
    if not parts and refund.trade_no is None:
        for item in order.items:
            parts[item.account_no] = parts.get(item.account_no, 0) + item.amount_fen
    return GivenBack(
        refund.refund_no,
        refund.amount_fen,
        parts,
        refund.reason,
        _PROGRESS.get(refund.state, Progress.ON_THE_WAY),
        refund.created_at,
        refund.done_at,
    )
