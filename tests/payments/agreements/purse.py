"""A gateway in memory, for the clockwork of debits: it knows orders and agreements by number."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from payments.agreements.base import Agreed, Contract, Debit, Debited, Signing
from payments.gateways.base import (
    Answer,
    Charge,
    Destination,
    GatewayRefused,
    GatewayUnavailable,
    Notification,
    Trade,
    TradeState,
)
from runtime import clock

TRADES = {
    Debited.PAID: TradeState.PAID,
    Debited.PENDING: TradeState.AWAITING,
    Debited.FAILED: TradeState.AWAITING,
}


@dataclass
class Purse:
    """Money taken is in `taken`, by order. `mood`: pays, not_enough, pending, fails, unheard
    (done, and the answer lost), away (nothing is done), agreement_ended."""

    name: str = "wechat"
    merchant: dict[str, str] = field(default_factory=lambda: {"mchid": "1"})
    mood: str = "pays"
    taken: dict[str, int] = field(default_factory=dict)
    known: dict[str, Debited] = field(default_factory=dict)
    amounts: dict[str, int] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    contracts: dict[str, Contract] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    before_debit: Callable[[], object] = lambda: None
    guard: threading.Lock = field(default_factory=threading.Lock)

    def sign(self, signing: Signing) -> str:
        self.contracts.setdefault(signing.code, Contract.ABSENT)
        return f"http://127.0.0.1:9/sign/{signing.code}"

    def query(self, number: str):  # type: ignore[no-untyped-def]
        """An agreement by its code, an order by its number: the two protocols share the word."""
        if self.mood == "away":
            raise GatewayUnavailable(self.name, "unreachable")
        if number in self.contracts:
            return self.agreed(number)
        state = TRADES.get(self.known.get(number, Debited.ABSENT), TradeState.ABSENT)
        paid = clock.now() if state is TradeState.PAID else None
        return Trade(number, state, f"T{number}", self.amounts.get(number), paid)

    def agreed(self, code: str) -> Agreed:
        state = self.contracts.get(code, Contract.ABSENT)
        signed_at = clock.now() if state is Contract.SIGNED else None
        return Agreed(code, state, f"C{code}", f"W{code}", signed_at)

    def end(self, code: str) -> None:
        if self.mood == "away":
            raise GatewayUnavailable(self.name, "unreachable")
        self.ended.append(code)
        self.contracts[code] = Contract.ENDED

    def debit(self, debit: Debit) -> Debited:
        self.before_debit()
        if self.mood == "away":
            raise GatewayUnavailable(self.name, "unreachable")
        self.sent.append(debit.order_no)
        if self.mood in ("not_enough", "agreement_ended"):
            raise GatewayRefused(self.name, self.mood)
        with self.guard:
            self.amounts[debit.order_no] = debit.amount_fen
            state = {"pending": Debited.PENDING, "fails": Debited.FAILED}.get(self.mood)
            self.known.setdefault(debit.order_no, state or Debited.PAID)
            if state is None:
                self.taken[debit.order_no] = debit.amount_fen
        if self.mood == "unheard":
            raise GatewayUnavailable(self.name, "unreachable")
        return Debited.PENDING if state is Debited.FAILED else state or Debited.PAID

    def debited(self, order_no: str) -> Debited:
        if self.mood == "away":
            raise GatewayUnavailable(self.name, "unreachable")
        return self.known.get(order_no, Debited.ABSENT)

    def create(self, charge: Charge) -> Destination:
        self.amounts[charge.order_no] = charge.amount_fen
        self.known[charge.order_no] = Debited.PENDING
        return Destination(code_url="weixin://pay")

    def close(self, order_no: str) -> None:
        if self.known.get(order_no) is Debited.PAID:
            raise GatewayRefused(self.name, "paid")
        if order_no in self.known:
            self.known[order_no] = Debited.FAILED

    def verify_notification(self, headers: Mapping[str, str], body: bytes) -> Notification:
        raise AssertionError("nobody speaks here")

    def leads_back(self, order_no: str, query: Mapping[str, str]) -> bool:
        return True

    def answer(self, taken: bool) -> Answer:
        return Answer(200 if taken else 400, "text/plain", b"")
