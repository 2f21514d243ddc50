"""What a gateway says of a day's money, in the words of payments and not of any gateway."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from payments.gateways.base import GatewayError

Kind = Literal["payment", "refund"]
Reason = Literal[
    "wrong_hash",
    "wrong_day",
    "wrong_merchant",
    "wrong_charset",
    "truncated",
    "miscounted",  # a missing or an extra line: the totals say otherwise
    "malformed",
    "duplicate_line",
]


class Line(NamedTuple):
    """One movement of a customer's money. Amounts are fen and never negative.

    `fee_fen` is what the gateway keeps of a payment, or gives back with a refund.
    """

    kind: Kind
    order_no: str
    trade_no: str
    refund_no: str | None  # ours; None for payments
    amount_fen: int
    fee_fen: int
    at: datetime


class StatementRefused(GatewayError):  # noqa: N818 - an answer, not a fault
    """The file is not what the gateway's documentation promises; nothing of it counts.

    `line` is the number of the line in the file at which it was noticed, from 1.
    """

    def __init__(self, gateway: str, reason: Reason, line: int | None = None) -> None:
        super().__init__(gateway, reason)
        self.reason: Reason = reason
        self.line = line


@dataclass(frozen=True)
class Statement:
    """A checked file on disk: its lines are whole, counted, each there once, of one civil day.

    `sha256` is that of the file at `path`, in hexadecimal; `count` its lines; `fee_fen` the fees
    of payments less those that came back with refunds. Sums in fen.
    """

    gateway: str
    day: date
    path: Path
    sha256: str
    count: int
    paid_fen: int
    refunded_fen: int
    fee_fen: int
    lines: Iterable[Line] = field(repr=False, compare=False)

    def rows(self) -> Iterator[Line]:
        """The lines in the order of the file, streamed from disk with bounded memory."""
        return iter(self.lines)


class StatementSource(Protocol):
    """One gateway's statements. Safe to share between threads."""

    name: str

    def fetch(self, day: date, folder: Path) -> Statement:
        """The statement of a civil day (Asia/Shanghai), its file in `folder`.

        Raises StatementRefused, GatewayUnavailable, or GatewayRefused("no_statement") when the
        gateway has none for the day (yet); then no file stays in `folder`.
        """
