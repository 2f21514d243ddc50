"""Invoices as the customer who asked for them sees them."""

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, undefer

from payments.invoices.models import Invoice
from runtime.errors import NotFound

MOST = 200


def invoices(session: Session, user_id: int) -> list[Invoice]:
    """The user's own, the newest first."""
    mine = select(Invoice).where(Invoice.user_id == user_id).order_by(Invoice.id.desc())
    return list(session.scalars(mine.limit(MOST)))


def invoice(session: Session, user_id: int, request_no: str) -> Invoice:
    """One of the user's own. Raises NotFound."""
    found = session.scalars(_own(user_id, request_no)).one_or_none()
    if found is None:
        raise NotFound("invoice.not_found")
    return found


def red_of(session: Session, blue: Invoice) -> Invoice | None:
    """The invoice that takes this one back."""
    return session.scalars(select(Invoice).where(Invoice.red_of == blue.id)).one_or_none()


def paper(session: Session, user_id: int, request_no: str, kind: str) -> bytes:
    """The PDF or the XML of the user's own invoice. Raises NotFound before it is issued."""
    wanted = _own(user_id, request_no).options(undefer(Invoice.pdf), undefer(Invoice.xml))
    found = session.scalars(wanted).one_or_none()
    content = (found.pdf if kind == "pdf" else found.xml) if found else None
    if content is None:
        raise NotFound("invoice.not_found")
    return content


def _own(user_id: int, request_no: str) -> Select[Invoice]:
    return select(Invoice).where(Invoice.user_id == user_id, Invoice.request_no == request_no)
