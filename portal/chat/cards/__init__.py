"""The cards of a conversation, drawn by the portal from its own tables.

A card names a bill, an account, an order. What it shows is looked up when somebody reads it and
with that reader's rights, so that an old card shows what is true now, and a card about what the
reader may not see is nothing at all.
"""

from collections.abc import Callable
from typing import Any

from flask import render_template
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError

from portal.chat.cards import deeds, money, near, tariffs, told, use, ways
from portal.chat.kinds import (
    AdviceCard,
    BalanceCard,
    BillCard,
    Card,
    ChangeCard,
    HallsCard,
    InvoiceCard,
    LinkCard,
    MenuCard,
    NoticesCard,
    OutagesCard,
    PaidCard,
    PaymentCard,
    PhotoCard,
    RequestCard,
    TierCard,
    UsageCard,
    kept_card,
)
from runtime.errors import Refused
from runtime.logs import get_logger

Shown = dict[str, object] | None
NOTHING = Markup("")

_log = get_logger(__name__)

DRAWN: dict[type[Card], tuple[str, Callable[[Any], Shown]]] = {
    BillCard: ("bill", money.bill),
    ChangeCard: ("change", money.change_of_bill),
    BalanceCard: ("balance", money.balance),
    PaymentCard: ("payment", money.payment),
    PaidCard: ("paid", money.paid),
    InvoiceCard: ("invoice", deeds.invoice),
    RequestCard: ("request", deeds.request),
    PhotoCard: ("photo", deeds.photo),
    UsageCard: ("usage", use.usage),
    TierCard: ("tier", use.tier),
    AdviceCard: ("advice", tariffs.advice),
    OutagesCard: ("outages", near.outages),
    HallsCard: ("halls", near.halls),
    MenuCard: ("menu", ways.menu),
    NoticesCard: ("notices", told.notices),
    LinkCard: ("link", ways.link),
}
"""Kind of card: its template, and what the template is given."""


def draw(kept: object, *, last: bool = False) -> Markup:
    """A card as it was kept with its message; nothing when there is nothing to see.

    Only the `last` of a conversation has a button that stands out.
    """
    card = kept_card(kept)
    if card is None:
        return NOTHING
    name, read = DRAWN[type(card)]
    try:
        shown = read(card)
        if shown is None:
            return NOTHING
        return Markup(render_template(f"chat/cards/{name}.html", last=last, **shown))  # noqa: S704
    except Refused:
        return NOTHING
    except SQLAlchemyError:
        raise  # the rest of the page could not be read either
    except Exception as error:  # noqa: BLE001 - one card must not take the whole talk with it
        _log.error("card_failed", kind=name, exc_info=error)
        return NOTHING
