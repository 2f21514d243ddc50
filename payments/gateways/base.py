"""What every payment gateway promises, in the words of payments and not of any gateway."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar


class Product(StrEnum):
    """How the customer meets the gateway."""

    NATIVE = "native"  # a code to scan with the phone
    H5 = "h5"  # a phone's browser goes to the WeChat app
    JSAPI = "jsapi"  # inside WeChat's own browser
    PAGE = "page"  # Alipay's or UnionPay's cashier on a desktop
    WAP = "wap"  # Alipay's or UnionPay's cashier on a phone
    CODE = "code"  # shown at the counter
    CASH = "cash"  # taken at the counter without a code, of whoever stands there
    CONTRACT = "contract"  # debited under an agreement, without the customer


class TradeState(StrEnum):
    """What the gateway knows of an order."""

    AWAITING = "awaiting"
    PAID = "paid"
    CLOSED = "closed"
    REFUNDED = "refunded"
    ABSENT = "absent"  # the gateway has never heard of it


class RefundState(StrEnum):
    """What the gateway knows of a refund."""

    PROCESSING = "processing"
    DONE = "done"
    CLOSED = "closed"  # nothing was given back, and nothing will be under this number
    ABNORMAL = "abnormal"  # the payer's account does not take it: a person must see to it there
    ABSENT = "absent"  # the gateway has never heard of it


_Known = TypeVar("_Known")

YEARS = range(2000, 2100)
"""Instants of other years are no instants of a payment, and some of them cannot be read again."""


class GatewayError(Exception):
    """A gateway did not do what was asked. `reason` is a code of ours, never its own message."""

    def __init__(self, gateway: str, reason: str) -> None:
        super().__init__(f"{gateway}: {reason}")
        self.gateway = gateway
        self.reason = reason


class GatewayUnavailable(GatewayError):  # noqa: N818 - an answer, not a fault
    """It could not be reached, or its answer could not be trusted. What it did is unknown."""


class GatewayRefused(GatewayError):  # noqa: N818 - an answer, not a fault
    """It understood and said no: nothing was done."""


class NotificationRefused(GatewayError):  # noqa: N818 - an answer, not a fault
    """A notification that is not taken; `reason` is one of the verdicts of `Callback`."""


@dataclass(frozen=True)
class Charge:
    """An order as the gateway must know it. Money in fen."""

    order_no: str
    amount_fen: int
    description: str
    expires_at: datetime
    product: Product
    notify_url: str
    return_url: str
    front_url: str | None = None  # for a cashier whose way back is a form, posted by the browser
    quit_url: str | None = None  # for whoever leaves the cashier without paying
    client_ip: str = "127.0.0.1"
    openid: str | None = None  # JSAPI only: who pays, in the app's own numbering


@dataclass(frozen=True)
class Form:
    """A form that the customer's browser posts, field by field, to the cashier at `action`."""

    action: str
    fields: dict[str, str]


@dataclass(frozen=True)
class Destination:
    """Where to send the customer: exactly one of the four is given."""

    code_url: str | None = None
    redirect_url: str | None = None
    jsapi: dict[str, str] | None = None
    form: Form | None = None


@dataclass(frozen=True)
class Trade:
    """What the gateway says of an order. Ids of merchant, app and seller are None where unsaid."""

    order_no: str
    state: TradeState
    trade_no: str | None = None
    amount_fen: int | None = None
    paid_at: datetime | None = None
    merchant: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Refunding:
    """Money to give back for an order, in fen. The same `refund_no` never gives back twice.

    `refund_no` is letters and digits, 40 at most, and no other order or refund has it.
    """

    order_no: str
    refund_no: str
    amount_fen: int
    total_fen: int
    reason: str
    trade_no: str | None = None  # the gateway's own number of the trade that was paid
    asked_at: datetime | None = None  # the same whenever this `refund_no` is asked for
    notify_url: str | None = None  # where the gateway tells how it went, if it takes an address


@dataclass(frozen=True)
class RefundReport:
    """What the gateway says of a refund, in fen; None where it does not say."""

    order_no: str
    refund_no: str
    state: RefundState
    amount_fen: int | None = None
    done_at: datetime | None = None
    merchant: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Notification:
    """A verified message from a gateway, of a payment or of a refund, or of something else."""

    notification_id: str
    trade: Trade | None
    refund: RefundReport | None = None  # when it is given, it is what the message is about


@dataclass(frozen=True)
class Answer:
    """What a gateway wants to hear after a notification."""

    status: int
    content_type: str
    body: bytes


class Gateway(Protocol):
    """One way to take money. Safe to share between threads.

    Every method but `verify_notification` and `answer` may call out and then raises
    GatewayUnavailable or GatewayRefused and nothing else.
    """

    name: str
    merchant: dict[str, str]
    """What a paid trade must say about who was paid."""

    def create(self, charge: Charge) -> Destination:
        """Make the order known; asking again for the same order gives a destination again."""

    def query(self, order_no: str, trade_no: str | None = None) -> Trade:
        """What has become of the order; with `trade_no`, of that very trade."""

    def close(self, order_no: str) -> None:
        """Let nobody pay it any more. GatewayRefused("paid") when it has been paid already.

        An order the gateway has never heard of counts as closed.
        """

    def refund(self, refunding: Refunding) -> RefundReport:
        """Give money back, or say how that goes when it has been asked for before.

        GatewayRefused when it will not: "not_enough" (our balance there), "account_closed" (the
        payer's), "too_late", or "refused". Nothing was given back then, and the same may be
        asked again.
        """

    def query_refund(self, refunding: Refunding) -> RefundReport:
        """How a refund goes that was asked for."""

    def verify_notification(self, headers: Mapping[str, str], body: bytes) -> Notification:
        """The message, once its signature and age are proven. Raises NotificationRefused."""

    def leads_back(self, order_no: str, query: Mapping[str, str]) -> bool:
        """Whether a customer who comes to `return_url` with this query was sent by the cashier.

        It says nothing about money: that is to be asked.
        """

    def answer(self, taken: bool) -> Answer:
        """The documented reply: heard, or say it again later."""


def named(gateways: Mapping[str, _Known], name: str) -> _Known:
    """One of the gateways. Raises GatewayUnavailable("not_set_up") when its papers are not set."""
    if name not in gateways:
        raise GatewayUnavailable(name, "not_set_up")
    return gateways[name]
