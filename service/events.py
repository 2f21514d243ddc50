"""What the customer service layer tells the other rooms, in the transaction of the change."""

from datetime import date, datetime

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
