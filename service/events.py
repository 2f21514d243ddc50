"""What the customer service layer tells the other rooms, in the transaction of the change."""

from datetime import date, datetime
from typing import Any

from msgspec import Struct


class BillIssued(Struct, frozen=True):
    """A bill has arrived for the first time. The first load of a utility brings old ones too:
    a listener that speaks to people looks at `issued_at` first."""

    bill_no: str
    account_no: str
    period: str
    total_fen: int
    due: date
    issued_at: datetime


class PaymentPosted(Struct, frozen=True):
    """The core has posted a payment; seen once for each posting."""

    posting_no: str
    account_no: str
    order_no: str
    amount_fen: int
    posted_at: datetime


class ActionApproved(Struct, frozen=True):
    """A second person has approved what a first one asked for; `kind` says whose it is."""

    approval_id: int
    kind: str
    subject: str
    params: dict[str, Any]
    asked_by: int
    decided_by: int


class ActionDeclined(Struct, frozen=True):
    """A second person has said no, or the first one took it back and `note` is empty."""

    approval_id: int
    kind: str
    subject: str
    params: dict[str, Any]
    asked_by: int
    decided_by: int
    note: str
