"""Cards about what was asked for: an invoice, a request, a photo that belongs to one."""

from flask import g

from payments.invoices import listing
from portal.chat.cards.money import Shown, reader
from portal.chat.kinds import InvoiceCard, PhotoCard, RequestCard
from portal.chat.whose import asker
from portal.current import visitor
from portal.invoices.views import offered
from portal.requests import saying
from service.requests import files, reading


def invoice(card: InvoiceCard) -> Shown:
    """An invoice as it stands."""
    if not offered():
        return None
    found = listing.invoice(g.session, reader(), card.request_no)
    return {"invoice": found, "taken_back": listing.red_of(g.session, found) is not None}


def request(card: RequestCard) -> Shown:
    """A request: what is promised, and how far it is."""
    made = reading.request(g.session, asker(g.session), card.request_no)
    return {
        "made": made,
        "timeline": reading.timeline(made),
        "saying": saying,
        "leads": visitor() is not None,
    }


def photo(card: PhotoCard) -> Shown:
    """Where photos are added, for as long as they may be."""
    kept = files.of_draft(g.session, asker(g.session), card.draft)
    return {
        "draft": card.draft,
        "required": card.required,
        "kept": kept,
        "most": files.MOST,
    }
