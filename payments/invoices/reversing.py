"""Red letters: an invoice is taken back whole when a bill on it is no longer paid, or was replaced.

The customer may then ask for a new one for what stands (tax authority's rules for fully digital
electronic invoices: an issued invoice is never changed, a red one takes it back).
"""

from collections.abc import Collection

from sqlalchemy import exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from payments.invoices import soon
from payments.invoices.models import Invoice, InvoiceLine
from service.models import Bill

UNPAID = "payment_returned"
AT_ONCE = 200


def take_back(session: Session, account_nos: Collection[str] | None = None) -> int:
    """Ask for a red invoice where the blue one is no longer true; how many.

    `account_nos` narrows. Safe to run twice: a blue invoice has one red by constraint.
    """
    red = aliased(Invoice)
    untrue = exists().where(
        InvoiceLine.invoice_id == Invoice.id,
        Bill.bill_no == InvoiceLine.bill_no,
        or_(Bill.status == "cancelled", Bill.settled_fen < Bill.total_fen),
    )
    query = select(Invoice).where(
        Invoice.state == "issued",
        Invoice.red_of.is_(None),
        untrue,
        ~exists().where(red.red_of == Invoice.id),
    )
    if account_nos is not None:
        query = query.where(Invoice.account_no.in_(account_nos))
    blues = session.scalars(query.order_by(Invoice.id).limit(AT_ONCE)).all()
    return sum(_redden(session, blue) for blue in blues)


def _redden(session: Session, blue: Invoice) -> bool:
    values = {
        "request_no": f"{blue.request_no}R",
        "user_id": blue.user_id,
        "account_no": blue.account_no,
        "red_of": blue.id,
        "form": blue.form,
        "title_kind": blue.title_kind,
        "title_name": blue.title_name,
        "tax_no": blue.tax_no,
        "email": blue.email,
        "language": blue.language,
        "amount_fen": blue.amount_fen,
        "tax_fen": blue.tax_fen,
        "reason": UNPAID,
        "state": "asked",
        "attempts": 0,
        "idempotency_key": f"red:{blue.request_no}",
    }
    statement = insert(Invoice).values(values).on_conflict_do_nothing().returning(Invoice.id)
    if session.scalar(statement) is None:
        return False
    soon.issue(session, f"{blue.request_no}R")
    return True
