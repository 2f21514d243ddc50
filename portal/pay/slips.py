"""What a customer shows at a counter or a kiosk: a number, as bars, as a square, and to be read."""

from dataclasses import dataclass

from markupsafe import Markup
from sqlalchemy.orm import Session

from payments.counter import codes
from payments.gateways.base import Product
from payments.history import OrderView
from portal.pay import barcode, qr
from portal.security import asker_id


@dataclass(frozen=True)
class Slip:
    """A one-time code. `rest_fen`: what was added to what is paid to come to whole jiao."""

    number: str
    bars: Markup
    square: Markup
    rest_fen: int


def slip(session: Session, order: OrderView) -> Slip | None:
    """The code of the asker's own order; None for an order that is paid in another way."""
    if order.product != Product.CODE:
        return None
    number = codes.code_of(session, asker_id(), order.order_no)
    beside = [item.amount_fen for item in order.items if item.bill_no is None]
    rest_fen = sum(beside if order.purpose == "bills" else beside[1:])
    return Slip(number, barcode.drawn(number), qr.drawn(number), rest_fen)
