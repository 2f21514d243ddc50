"""A payment as its page and its receipt show it."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from payments import history, overview
from payments.history import OrderView, Stage
from payments.invoices import asking
from payments.overview import Part, Reached
from payments.refunds.seen import GivenBack
from portal.pay.till import WAYS, Way
from portal.payments.listing import state_of
from runtime.errors import NotFound
from service.people.links import LinkedAccount

HAD_MONEY = (Stage.CREDITING, Stage.POSTED, Stage.REFUNDING, Stage.REFUNDED)


@dataclass(frozen=True)
class Share:
    """One account's part of a payment; `invoiceable` are bills of it that have no invoice yet.

    `account` is None when it is not the asker's any more.
    """

    part: Part
    account: LinkedAccount | None
    invoiceable: tuple[str, ...]

    @property
    def waiting(self) -> bool:
        return self.part.posted_at is None


@dataclass(frozen=True)
class Back:
    """A refund, and the steps of its way."""

    refund: GivenBack
    steps: tuple[Reached, ...]


@dataclass(frozen=True)
class PaymentPage:
    """All of a payment; `shares` that wait come first."""

    order: OrderView
    way: Way
    shares: tuple[Share, ...]
    backs: tuple[Back, ...]

    @property
    def state(self) -> str:
        return state_of(self.order.stage, self.order.refunded_fen)

    @property
    def paid(self) -> bool:
        """Whether money came, so that there is something to show a receipt for."""
        return self.order.stage in HAD_MONEY

    @property
    def waiting(self) -> int:
        """How many accounts do not have their money yet, while it is on its way there."""
        crediting = self.order.stage is Stage.CREDITING
        return sum(share.waiting for share in self.shares) if crediting else 0


def payment_page(
    session: Session,
    user_id: int,
    order_no: str,
    accounts: Collection[LinkedAccount],
    *,
    invoices: bool,
) -> PaymentPage:
    """The user's own payment; `invoices`: with what can still be invoiced. Raises NotFound."""
    order = history.order_view(session, user_id, order_no)
    steps = overview.steps_of(session, order)
    ready = _invoiceable(session, user_id, order) if invoices else frozenset()
    by_number = {account.account_no: account for account in accounts}
    shares = [
        Share(part, by_number.get(part.account_no), _of(part, ready))
        for part in overview.parts_of(session, order)
    ]
    crediting = order.stage is Stage.CREDITING
    return PaymentPage(
        order=order,
        way=WAYS[order.gateway],
        shares=tuple(sorted(shares, key=lambda share: crediting and not share.waiting)),
        backs=tuple(Back(each, steps[each.refund_no]) for each in order.refunds),
    )


def paid_page(page: PaymentPage) -> PaymentPage:
    """The same, if money came. Raises NotFound."""
    if not page.paid:
        raise NotFound("order.not_found")
    return page


def _invoiceable(session: Session, user_id: int, order: OrderView) -> frozenset[str]:
    if order.stage is not Stage.POSTED or not any(item.bill_no for item in order.items):
        return frozenset()
    return frozenset(
        each.bill_no for each in asking.invoiceable(session, user_id, order.account_nos)
    )


def _of(part: Part, ready: Collection[str]) -> tuple[str, ...]:
    return tuple(item.bill_no for item in part.items if item.bill_no and item.bill_no in ready)
