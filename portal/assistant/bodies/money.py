"""Paying and invoices."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from portal.assistant.bodies.bills import Bill
from portal.assistant.bodies.common import (
    AS_WHOLE,
    AccountNo,
    Answer,
    Fen,
    Key,
    Money,
    NamedAccount,
    OfTime,
    Told,
    Words,
)

BillNo = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,24}$")]
Channel = Literal["wechat", "alipay", "unionpay", "counter"]


class QuoteAsked(Told):
    """What somebody wants to pay: bills of these accounts, one bill, or a sum of their own."""

    account_no: NamedAccount | None = None
    account_nos: list[NamedAccount] | None = Field(None, min_length=1, max_length=200)
    amount_fen: Annotated[int, Field(ge=-(10**15), le=10**15), AS_WHOLE] | None = None
    bill_no: BillNo | None = None
    channel: Channel | None = None


class QuotePart(Answer):
    """What would be paid for one account."""

    account_no: AccountNo
    label: Words
    tail: str
    amount_fen: Fen
    amount: Money


class Quote(Answer):
    """What would be paid. Nothing is: money moves from a payment card alone.

    `kind`: bills (all that is owed, late charges included), topup (a prepaid balance), credit
    (a sum of one's own, put against bills and kept for the next ones).
    """

    accounts: list[QuotePart]
    amount_fen: Fen
    amount: Money
    channel: Channel | None
    channel_words: Words | None
    kind: Literal["bills", "topup", "credit"]
    sentence: Words


class Payment(Answer):
    """A payment of the person, and where its money is."""

    order_no: str
    at_words: Words
    amount: Money
    channel_words: Words
    state: Literal[
        "started",
        "awaiting",
        "unknown",
        "crediting",
        "posted",
        "partly",
        "closed",
        "failed",
        "refunding",
        "refunded",
    ]
    sentence: Words


class Payments(Answer):
    """The last payments, the newest first."""

    payments: list[Payment] = Field(max_length=5)
    sentence: Words


class OfferAsked(OfTime):
    """Bills of these days, of one account or of all."""


class Title(Answer):
    """To whom an invoice can be made out."""

    id: int
    name: Words
    kind: Literal["personal", "enterprise"]


class InvoiceOffer(Answer):
    """Paid bills without an invoice, at most 12 of one account, and the titles to choose from."""

    months_words: Words
    bills: list[Bill] = Field(max_length=12)
    amount: Money
    titles: list[Title]
    default_title: int | None
    sentence: Words


class InvoiceAsked(Told):
    """An invoice for these bills of one account."""

    bill_nos: list[BillNo] = Field(min_length=1, max_length=40)
    title_id: Annotated[int, Field(ge=1, le=2**62), AS_WHOLE]
    email: str | None = Field(None, max_length=200, pattern=r"^[^\u0000]*$")
    key: Key


class InvoiceRequest(Answer):
    """An invoice that was asked for. It is issued in the background, within minutes mostly."""

    request_no: str
    invoice_no: str | None
    state: Literal["asked", "issued", "refused", "taken_back"]
    sentence: Words
