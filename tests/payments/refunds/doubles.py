"""A core and a gateway that keep count, and die or refuse when a test says so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from payments.gateways.base import (
    Answer,
    Charge,
    Destination,
    GatewayRefused,
    GatewayUnavailable,
    Notification,
    Refunding,
    RefundReport,
    RefundState,
    Trade,
    TradeState,
)
from runtime import clock
from runtime.errors import Conflict, Unavailable
from service.core_client import Posted, Reversed


class Killed(Exception):  # noqa: N818 - it says what it is
    """What a test raises where a process would be killed."""


@dataclass
class Core:
    """Posts and reverses once for each key; `posted` and `reversed_fen` are fen by account."""

    posted: dict[str, int] = field(default_factory=dict)
    reversals: dict[str, Reversed] = field(default_factory=dict)
    away: bool = False
    full: bool = False
    killed_after: int = -1
    """How many more answers come back before the asker is killed; negative: no end to them."""

    def post(self, *, key: str, account_no: str, amount_fen: int, **given: Any) -> Posted:
        self.posted.setdefault(key, amount_fen)
        return Posted(
            posting_no=f"P{len(key)}{account_no}{key[-24:-12]}"[:24],
            account_no=account_no,
            amount_fen=amount_fen,
            channel=given["channel"],
            order_no=given["order_no"],
            paid_at=given["paid_at"],
            posted_at=clock.now(),
            allocations=(),
            credit_fen=0,
        )

    def reverse(
        self, *, key: str, posting_no: str, amount_fen: int, reason: str, order_no: str
    ) -> Reversed:
        if self.away:
            raise Unavailable("core.unavailable")
        if self.full:
            raise Conflict("reversal.too_much")
        number = f"V{len(self.reversals) + 1}"
        account_no = key.partition(":")[2]
        first = Reversed(number, posting_no, account_no, amount_fen, clock.now())
        told = self.reversals.setdefault(key, first)
        assert (told.posting_no, told.amount_fen) == (posting_no, amount_fen)
        if self.killed_after == 0:
            raise Killed("after the core's answer")
        self.killed_after -= 1
        return told


@dataclass
class Till:
    """A gateway that gives back once for each number, and never more than it was paid."""

    name: str = "wechat"
    merchant: dict[str, str] = field(default_factory=lambda: {"mchid": "1900000001"})
    paid: dict[str, Trade] = field(default_factory=dict)
    given: dict[str, Refunding] = field(default_factory=dict)
    ending: RefundState = RefundState.DONE
    refusal: str | None = None
    away: bool = False
    killed: bool = False

    @property
    def balance_fen(self) -> int:
        """What it holds for us."""
        came = sum(trade.amount_fen or 0 for trade in self.paid.values())
        return came - sum(each.amount_fen for each in self.given.values())

    def pay(self, order_no: str, fen: int, trade_no: str, at: datetime | None = None) -> Trade:
        trade = Trade(
            order_no, TradeState.PAID, trade_no, fen, at or clock.now(), dict(self.merchant)
        )
        self.paid[trade_no] = trade
        return trade

    def query(self, order_no: str, trade_no: str | None = None) -> Trade:
        if self.away:
            raise GatewayUnavailable(self.name, "unreachable")
        return self.paid.get(trade_no or "", Trade(order_no, TradeState.ABSENT))

    def refund(self, refunding: Refunding) -> RefundReport:
        if self.away:
            raise GatewayUnavailable(self.name, "unreachable")
        if self.refusal:
            raise GatewayRefused(self.name, self.refusal)
        known = self.given.setdefault(refunding.refund_no, refunding)
        assert known.amount_fen == refunding.amount_fen
        trade = self.paid[refunding.trade_no or ""]
        of_trade = [each for each in self.given.values() if each.trade_no == trade.trade_no]
        assert sum(each.amount_fen for each in of_trade) <= (trade.amount_fen or 0)
        assert trade.order_no == refunding.order_no
        if self.killed:
            raise Killed("after the gateway's answer")
        return self._report(refunding)

    def query_refund(self, refunding: Refunding) -> RefundReport:
        if self.away:
            raise GatewayUnavailable(self.name, "unreachable")
        if refunding.refund_no not in self.given:
            return RefundReport(refunding.order_no, refunding.refund_no, RefundState.ABSENT)
        return self._report(refunding)

    def _report(self, refunding: Refunding) -> RefundReport:
        done = clock.now() if self.ending is RefundState.DONE else None
        return RefundReport(
            refunding.order_no, refunding.refund_no, self.ending, refunding.amount_fen, done
        )

    def create(self, charge: Charge) -> Destination:
        raise NotImplementedError

    def close(self, order_no: str) -> None:
        raise NotImplementedError

    def verify_notification(self, headers: Mapping[str, str], body: bytes) -> Notification:
        raise NotImplementedError

    def leads_back(self, order_no: str, query: Mapping[str, str]) -> bool:
        raise NotImplementedError

    def answer(self, taken: bool) -> Answer:
        raise NotImplementedError
