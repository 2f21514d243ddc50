"""What every gateway promises about agreements to debit, in the words of payments."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from payments.gateways.base import Answer


class Contract(StrEnum):
    """What the gateway knows of an agreement."""

    SIGNED = "signed"
    ENDED = "ended"
    ABSENT = "absent"  # never signed; Alipay says the same of one that has ended


class Debited(StrEnum):
    """What the gateway knows of a debit."""

    PAID = "paid"
    PENDING = "pending"  # taken on and not decided
    FAILED = "failed"  # decided: no money moved, and none will
    ABSENT = "absent"  # the gateway has never heard of it


@dataclass(frozen=True)
class Signing:
    """An agreement as the gateway shows it to the customer who is to sign it.

    `code` is our number of it: 32 letters and digits that nobody can guess.
    """

    code: str
    title: str
    notify_url: str
    return_url: str
    on_a_phone: bool
    client_ip: str = "127.0.0.1"


@dataclass(frozen=True)
class Agreed:
    """What the gateway says of an agreement.

    `contract_no` is its own number, `wallet` whose wallet it is. `merchant` has what the gateway
    says about us; parts that it does not say are missing.
    """

    code: str
    state: Contract
    contract_no: str | None = None
    wallet: str | None = None
    signed_at: datetime | None = None
    ended_at: datetime | None = None
    merchant: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Debit:
    """Money to take under an agreement, in fen. The same `order_no` never takes it twice."""

    order_no: str
    contract_no: str
    amount_fen: int
    description: str
    notify_url: str


@dataclass(frozen=True)
class AgreementMessage:
    """A verified message. `agreed` is None when it is about something else."""

    notification_id: str
    agreed: Agreed | None


class AgreementGateway(Protocol):
    """One gateway's agreements. Safe to share between threads.

    Every method but `verify_notification` and `answer` may call out and then raises
    GatewayUnavailable or GatewayRefused and nothing else.
    """

    name: str
    merchant: dict[str, str]

    def sign(self, signing: Signing) -> str:
        """The address at which the customer signs; asking again gives one again."""

    def query(self, code: str) -> Agreed:
        """What has become of the agreement."""

    def end(self, code: str) -> None:
        """Let nobody debit under it any more. One that is not there counts as ended."""

    def debit(self, debit: Debit) -> Debited:
        """Take money: PAID, or PENDING when the gateway is at it.

        Raises GatewayRefused: `not_enough` (the wallet has too little), `agreement_ended`,
        `closed` (the order), `refused` (anything else). After GatewayUnavailable it is not known
        what happened: ask with `debited`, or debit again under the same number.
        """

    def debited(self, order_no: str) -> Debited:
        """What has become of a debit."""

    def verify_notification(self, headers: Mapping[str, str], body: bytes) -> AgreementMessage:
        """The message, once its signature and age are proven. Raises NotificationRefused."""

    def answer(self, taken: bool) -> Answer:
        """The documented reply: heard, or say it again later."""
