"""The way to the gateway and back. No database connection is held while a gateway is asked."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from payments import receipts
from payments.confirmations.rules import Guard
from payments.counter.gateway import COUNTER
from payments.gateways import Gateways
from payments.gateways.base import (
    Charge,
    Gateway,
    GatewayError,
    GatewayRefused,
    GatewayUnavailable,
    Product,
    Trade,
    TradeState,
    named,
)
from payments.models import Order
from payments.orders import Selection, start_order
from payments.settings import PaymentSettings
from payments.states import OPEN, advance, lock_order
from runtime import clock
from runtime.database import Database
from runtime.errors import Conflict, NotFound, Refused, Unavailable
from runtime.logs import get_logger

ATTEMPTS = 3
"""Orders of the customer's own that may be in the way of a new one."""

SLOWEST_QUERY = timedelta(minutes=2)

SENT_WITHIN = timedelta(minutes=2)
"""A debit that its gateway does not know may still be on its way for so long."""

_log = get_logger(__name__)


@dataclass(frozen=True)
class Visit:
    """Where the customer is: `site` is the portal's address, under which gateways call back."""

    site: str
    description: str = "电费"
    client_ip: str = "127.0.0.1"
    openid: str | None = None


class Checkout:
    """Places, asks about and closes orders, at these gateways and at our own counter."""

    def __init__(self, database: Database, gateways: Gateways, settings: PaymentSettings) -> None:
        self._database = database
        self._gateways = {**gateways, COUNTER.name: COUNTER}
        self._settings = settings

    @property
    def confirm_over_fen(self) -> int:
        """Above this sum every customer confirms."""
        return self._settings.payment_confirm_fen

    def place(
        self,
        user_id: int,
        selection: Selection,
        gateway: str,
        product: Product,
        idempotency_key: str,
        visit: Visit,
        confirmation_id: int | None = None,
    ) -> str:
        """An order that the customer can pay now; its number.

        An open order of the same customer for the same bills is used again when it fits, and
        closed when it does not. A large one needs a confirmation (`payments.confirmations`),
        unless it is a code to pay in cash with.
        Raises what `start_order` raises, and Unavailable("gateway.unavailable").
        """
        if gateway not in self._gateways:
            raise Refused("gateway.not_offered")
        guard = None if product is Product.CODE else Guard(self.confirm_over_fen, confirmation_id)
        order = self._start(user_id, selection, gateway, product, idempotency_key, guard)
        if order.status == "created":
            self._open(order, visit)
        return order.order_no

    def resume(self, user_id: int, order_no: str, visit: Visit) -> None:
        """Bring an order to the gateway that was started and left. Raises NotFound, Unavailable."""
        order = self._find(order_no)
        if order.user_id != user_id:
            raise NotFound("order.not_found")
        if order.status == "created":
            self._open(order, visit)

    def ask(self, order_no: str) -> None:
        """Learn from the gateway what has become of an open order; close it after its time."""
        order = self._find(order_no)
        if order.status not in OPEN:
            return
        expired = clock.now() >= order.expires_at
        try:
            gateway = self._gateway(order)
            trade: Trade | None = gateway.query(order_no)
            if expired and trade and trade.state in (TradeState.AWAITING, TradeState.ABSENT):
                trade = self._close_at(gateway, order_no)
        except GatewayError as error:
            _log.warning("gateway_not_asked", order_no=order_no, reason=error.reason)
            self._ask_later(order_no)
            return
        self._apply(gateway, order_no, trade, "expired")

    def close(self, order_no: str, cause: str, *, refused: bool = False) -> None:
        """Close an open order, at the gateway first. One that was paid is recorded as paid.

        A debit is closed in its first minutes only when the gateway has `refused` it. Raises
        Unavailable("order.unclear") when the gateway cannot say.
        """
        order = self._find(order_no)
        if order.status not in OPEN:
            return
        if not refused and _may_be_on_its_way(order):
            raise Unavailable("order.unclear", order_no=order_no)
        try:
            gateway = self._gateway(order)
            trade = self._close_at(gateway, order_no)
        except GatewayError as error:
            raise Unavailable("order.unclear", order_no=order_no) from error
        self._apply(gateway, order_no, trade, cause)

    def cancel(self, user_id: int, order_no: str) -> None:
        """The customer gives an order up. Raises NotFound, Unavailable("order.unclear")."""
        if self._find(order_no).user_id != user_id:
            raise NotFound("order.not_found")
        self.close(order_no, "cancelled")

    def _start(
        self,
        user_id: int,
        selection: Selection,
        gateway: str,
        product: Product,
        key: str,
        guard: Guard | None,
    ) -> Order:
        for _ in range(ATTEMPTS):
            try:
                with self._database.unit_of_work() as session:
                    return start_order(
                        session,
                        user_id,
                        selection,
                        gateway,
                        product,
                        key,
                        minutes=self._settings.payment_order_minutes,
                        guard=guard,
                    )
            except Conflict as conflict:
                if conflict.code != "order.open":
                    raise
                if guard is not None:
                    self._let_through(guard, user_id, selection)
                self.close(conflict.params["order_no"], "replaced")
        raise Conflict("order.in_the_way")

    def _let_through(self, guard: Guard, user_id: int, selection: Selection) -> None:
        """No order is closed for one that would not be started. Raises as `Guard.require`."""
        with self._database.unit_of_work() as session:
            guard.require_some(session, user_id, selection.expected_fen or 0)

    def _open(self, order: Order, visit: Visit) -> None:
        charge = Charge(
            order_no=order.order_no,
            amount_fen=order.amount_fen,
            description=visit.description,
            expires_at=order.expires_at,
            product=Product(order.product),
            notify_url=f"{visit.site}/callbacks/{order.gateway}",
            return_url=f"{visit.site}/pay/{order.order_no}/back",
            front_url=f"{visit.site}/callbacks/{order.gateway}/front/{order.order_no}",
            quit_url=f"{visit.site}/pay/{order.order_no}",
            client_ip=visit.client_ip,
            openid=visit.openid,
        )
        try:
            destination = self._gateway(order).create(charge)
        except GatewayError as error:
            self._close_here(order.order_no, "gateway_failed")
            raise Unavailable("gateway.unavailable") from error
        with self._database.unit_of_work() as session:
            opened = lock_order(session, order.order_no)
            if opened is not None and opened.status == "created":
                opened.destination = {k: v for k, v in asdict(destination).items() if v}
                opened.next_query_at = self._next_query(opened)
                advance(session, opened, "awaiting", "gateway")

    def _gateway(self, order: Order) -> Gateway:
        """The order's gateway. Raises GatewayUnavailable when its papers were taken away."""
        return named(self._gateways, order.gateway)

    def _close_at(self, gateway: Gateway, order_no: str) -> Trade | None:
        """Close at the gateway; None when that is done, else what the order is instead."""
        try:
            gateway.close(order_no)
        except GatewayRefused as refusal:
            trade = gateway.query(order_no)
            if trade.state in (TradeState.AWAITING, TradeState.ABSENT):
                raise GatewayUnavailable(gateway.name, refusal.reason) from refusal
            return trade
        return None

    def _apply(self, gateway: Gateway, order_no: str, trade: Trade | None, cause: str) -> None:
        if trade is None:
            self._close_here(order_no, cause)
            return
        with self._database.unit_of_work() as session:
            receipts.record(session, gateway, trade, "query")
        self._ask_later(order_no)

    def _close_here(self, order_no: str, cause: str) -> None:
        with self._database.unit_of_work() as session:
            order = lock_order(session, order_no)
            if order is not None and order.status in OPEN:
                advance(session, order, "closed", cause)

    def _ask_later(self, order_no: str) -> None:
        with self._database.unit_of_work() as session:
            order = lock_order(session, order_no)
            if order is not None and order.status in OPEN:
                order.next_query_at = self._next_query(order)

    def _next_query(self, order: Order) -> datetime:
        """Seldomer as the order grows old, at its end in any case; of our own counter only then."""
        now = clock.now()
        if order.gateway == COUNTER.name and now < order.expires_at:
            return order.expires_at
        first = timedelta(seconds=self._settings.payment_query_seconds)
        pause = min(max(first, (now - order.created_at) / 4), max(first, SLOWEST_QUERY))
        return now + pause if now >= order.expires_at else min(now + pause, order.expires_at)

    def _find(self, order_no: str) -> Order:
        with self._database.unit_of_work() as session:
            order = session.scalars(select(Order).where(Order.order_no == order_no)).one_or_none()
        if order is None:
            raise NotFound("order.not_found")
        return order


def _may_be_on_its_way(order: Order) -> bool:
    """Whether a debit may reach its gateway yet, so that closing it would not hold."""
    sent_until = order.created_at + SENT_WITHIN
    return order.product == Product.CONTRACT and clock.now() < sent_until
