"""What invoices tell the other rooms, in the transaction of the change."""

from msgspec import Struct


class InvoiceIssued(Struct, frozen=True):
    """An invoice, blue or red, has its number and its papers. `email` is where they are wanted."""

    request_no: str
    invoice_no: str
    email: str | None
    language: str
    amount_fen: int
    seller: str
    red: bool
    pdf: bytes
    xml: bytes
