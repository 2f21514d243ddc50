"""The cards that the assistant may name: a kind, and references to what the portal itself knows.

A card never brings figures of its own that are shown: it names a bill, an account, an order, and
the portal looks it up with the rights of whoever reads.
"""

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

No = Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,40}$")]
Pages = Literal[
    "bind",
    "unbind",
    "reminders",
    "statements",
    "invoices",
    "requests",
    "profile",
    "sign_in",
    "elder",
    "payments",
    "agreements",
    "follow",
]


class _Card(Struct, tag_field="kind", forbid_unknown_fields=True):
    """A card of one kind; the kind is the tag."""


class BillCard(_Card, tag="bill"):
    bill_no: No


class ChangeCard(_Card, tag="change"):
    bill_no: No


class BalanceCard(_Card, tag="balance"):
    pass


class UsageCard(_Card, tag="usage"):
    account_no: No
    first: date = field(name="from")
    last: date = field(name="to")


class TierCard(_Card, tag="tier"):
    account_no: No


class AdviceCard(_Card, tag="advice"):
    account_no: No


class PaymentCard(_Card, tag="payment"):
    """What is to be paid: a bill, what the accounts owe, or an amount for one account (fen)."""

    account_nos: Annotated[list[No], Meta(min_length=1, max_length=50)]
    amount_fen: Annotated[int, Meta(gt=0)] | None = None
    bill_no: No | None = None
    channel: Annotated[str, Meta(max_length=20)] | None = None


class PaidCard(_Card, tag="paid"):
    order_no: No


class InvoiceCard(_Card, tag="invoice"):
    request_no: No


class RequestCard(_Card, tag="request"):
    request_no: No


class OutagesCard(_Card, tag="outages"):
    account_no: No | None = None


class HallsCard(_Card, tag="halls"):
    pass


class MenuCard(_Card, tag="menu"):
    pass


class NoticesCard(_Card, tag="notices"):
    """What the reader has set to be told."""


class LinkCard(_Card, tag="link"):
    to: Pages


class PhotoCard(_Card, tag="photo"):
    """Where photos of a draft are added; `required` where nothing can be done without."""

    draft: Annotated[str, Meta(min_length=1, max_length=64)]
    required: bool = False


Card = (
    BillCard
    | ChangeCard
    | BalanceCard
    | UsageCard
    | TierCard
    | AdviceCard
    | PaymentCard
    | PaidCard
    | InvoiceCard
    | RequestCard
    | OutagesCard
    | HallsCard
    | MenuCard
    | NoticesCard
    | LinkCard
    | PhotoCard
)


def card_of(raw: bytes) -> dict[str, Any] | None:
    """A card as it can be kept; None for none, and for one that is not as it must be."""
    try:
        card = msgspec.json.decode(raw, type=Card) if raw else None
    except msgspec.MsgspecError:
        return None
    kept: dict[str, Any] | None = msgspec.to_builtins(card)
    return kept


def kept_card(kept: object) -> Card | None:
    """A card out of the database; None when it is none that is known any more."""
    try:
        return msgspec.convert(kept, type=Card)
    except msgspec.ValidationError:
        return None
