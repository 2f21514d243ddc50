"""Cards about what was asked for: an invoice."""

from flask import g

from payments.invoices import listing
from portal.chat.cards.money import Shown, reader
from portal.chat.kinds import InvoiceCard
from portal.invoices.views import offered


def invoice(card: InvoiceCard) -> Shown:
    """An invoice as it stands."""
    if not offered():
        return None
    found = listing.invoice(g.session, reader(), card.request_no)
    return {"invoice": found, "taken_back": listing.red_of(g.session, found) is not None}
