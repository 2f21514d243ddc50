"""The counter as a gateway: it calls nobody, because what happens there is written down here.

Cash is recorded in the transaction in which it is taken (`payments.counter.cash`), so an order of
the counter never is anything else than what our own database says.
"""

from collections.abc import Mapping

from payments.gateways.base import (
    Answer,
    Charge,
    Destination,
    Notification,
    NotificationRefused,
    Refunding,
    RefundReport,
    RefundState,
    Trade,
    TradeState,
)
from payments.receipts import Verdict

NAME = "counter"


class CounterGateway:
    """Counters and kiosks of the utility."""

    name = NAME
    merchant: dict[str, str] = {}  # noqa: RUF012 - nobody else's till can be meant

    def create(self, charge: Charge) -> Destination:
        """The order has had its code since it was started."""
        return Destination()

    def query(self, order_no: str, trade_no: str | None = None) -> Trade:
        """Not paid: what was paid here is an order that nobody needs to ask about."""
        return Trade(order_no, TradeState.AWAITING)

    def close(self, order_no: str) -> None:
        """A code of an order that is not open is worth nothing."""

    def refund(self, refunding: Refunding) -> RefundReport:
        """Cash waits at the counter until it is fetched (`payments.counter.payouts`)."""
        return self.query_refund(refunding)

    def query_refund(self, refunding: Refunding) -> RefundReport:
        """Not fetched: when it is, the refund is finished in the same transaction."""
        return RefundReport(refunding.order_no, refunding.refund_no, RefundState.PROCESSING)

    def verify_notification(self, headers: Mapping[str, str], body: bytes) -> Notification:
        """Nobody notifies us of our own counter."""
        raise NotificationRefused(self.name, Verdict.BAD_SIGNATURE)

    def leads_back(self, order_no: str, query: Mapping[str, str]) -> bool:
        """There is no cashier to come back from."""
        return False

    def answer(self, taken: bool) -> Answer:
        """Nobody asks."""
        return Answer(404, "text/plain", b"")


COUNTER = CounterGateway()
