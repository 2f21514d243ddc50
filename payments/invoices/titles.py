"""Titles: to whom a customer has invoices made out, and the check of a firm's tax number."""

from datetime import datetime

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from payments.invoices.models import InvoiceTitle
from payments.invoices.tax_no import is_tax_no
from runtime import clock
from runtime.errors import Conflict, NotFound, Refused
from service.people.typed import plain

PERSONAL, ENTERPRISE = "personal", "enterprise"
MOST_TITLES = 20
NAME_LENGTH = 100


def titles(session: Session, user_id: int) -> list[InvoiceTitle]:
    """The user's titles, the preferred one first, then the newest."""
    mine = _living(user_id).order_by(InvoiceTitle.preferred.desc(), InvoiceTitle.id.desc())
    return list(session.scalars(mine))


def title(session: Session, user_id: int, title_id: int) -> InvoiceTitle:
    """One of the user's own. Raises NotFound."""
    found = session.scalars(_living(user_id).where(InvoiceTitle.id == title_id)).one_or_none()
    if found is None:
        raise NotFound("title.not_found")
    return found


def add_title(session: Session, user_id: int, kind: str, name: str, tax_no: str) -> InvoiceTitle:
    """A new title; the first one is preferred. The same once more gives the first.

    Raises Refused: "title.name_missing", "title.tax_no_wrong"; Conflict("title.too_many").
    """
    name = name.strip()[:NAME_LENGTH]
    number = _checked(tax_no) if kind == ENTERPRISE else None
    if not name:
        raise Refused("title.name_missing")
    mine = titles(session, user_id)
    for known in mine:
        if (known.kind, known.name, known.tax_no) == (kind, name, number):
            return known
    if len(mine) >= MOST_TITLES:
        raise Conflict("title.too_many", most=MOST_TITLES)
    added = InvoiceTitle(user_id=user_id, kind=kind, name=name, tax_no=number, preferred=not mine)
    session.add(added)
    session.flush()
    return added


def prefer(session: Session, user_id: int, title_id: int) -> None:
    """Offer this title first. Raises NotFound."""
    preferred = title(session, user_id, title_id)
    session.execute(
        update(InvoiceTitle).where(InvoiceTitle.user_id == user_id).values(preferred=False)
    )
    preferred.preferred = True
    session.flush()


def remove(session: Session, user_id: int, title_id: int, at: datetime | None = None) -> None:
    """Offer this title no more; invoices made out to it stay as they are. Raises NotFound."""
    title(session, user_id, title_id).removed_at = at or clock.now()
    session.flush()


def _checked(tax_no: str) -> str:
    number = plain(tax_no).replace("-", "").upper()
    if not is_tax_no(number):
        raise Refused("title.tax_no_wrong")
    return number


def _living(user_id: int) -> Select[InvoiceTitle]:
    return select(InvoiceTitle).where(
        InvoiceTitle.user_id == user_id, InvoiceTitle.removed_at.is_(None)
    )
