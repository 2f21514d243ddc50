"""Bringing an invoice on: sent to the platform, issued there, its papers fetched and checked.

Each step is found in the database or at the platform, so that a job which was killed goes on
where it was.
"""

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments.invoices.events import InvoiceIssued
from payments.invoices.models import Invoice, InvoiceLine
from payments.invoices.platform import (
    InvoicePlatform,
    Line,
    Papers,
    PlatformRefused,
    PlatformUnavailable,
    Request,
)
from runtime import clock, events
from runtime.database import Database
from runtime.logs import get_logger

GOODS = "*供电*售电"
"""The short name of electricity in the tax authority's list of goods, and the goods."""

OPEN = ("asked", "sent")

_log = get_logger(__name__)


class NotIssued(Exception):  # noqa: N818 - the job runs again, nothing is wrong with it
    """The platform is still at it, or could not be asked."""


def bring_on(
    database: Database, platform: InvoicePlatform, request_no: str, *, seller: str
) -> None:
    """Bring an invoice to its end. Raises NotIssued when the platform needs more time."""
    with database.unit_of_work() as session:
        request = _request(session, request_no)
    if request is None:
        return
    try:
        papers_no = _issued_no(database, platform, request)
        papers = platform.papers(request_no)
        _check(papers, request, papers_no)
    except PlatformRefused as refusal:
        _refuse(database, request_no, refusal.reason)
        return
    except PlatformUnavailable as error:
        _count(database, request_no)
        raise NotIssued(request_no) from error
    _finish(database, request_no, papers_no, papers, seller)


def _request(session: Session, request_no: str) -> Request | None:
    """What the platform is to issue; None when there is nothing left to do."""
    invoice = _invoice(session, request_no)
    if invoice.state not in OPEN:
        return None
    blue = session.get_one(Invoice, invoice.red_of) if invoice.red_of else None
    lines = (blue or invoice).lines
    return Request(
        request_no=request_no,
        form=invoice.form,
        buyer_kind=invoice.title_kind,
        buyer_name=invoice.title_name,
        buyer_tax_no=invoice.tax_no,
        lines=[Line(GOODS, each.period, each.wh, each.amount_fen, each.tax_fen) for each in lines],
        remark=f"户号 {invoice.account_no}，{'、'.join(each.period for each in lines)}",
        red_of=blue.invoice_no if blue else None,
        reason=invoice.reason,
    )


def _issued_no(database: Database, platform: InvoicePlatform, request: Request) -> str:
    """The number of the issued invoice. Raises PlatformRefused, PlatformUnavailable."""
    platform.send(request)
    with database.unit_of_work() as session:
        session.execute(
            update(Invoice)
            .where(Invoice.request_no == request.request_no, Invoice.state == "asked")
            .values(state="sent")
        )
    progress = platform.progress(request.request_no)
    if progress.status == "refused":
        raise PlatformRefused(progress.reason or "unknown")
    if progress.status != "issued" or progress.invoice_no is None:
        raise PlatformUnavailable("not yet")
    return progress.invoice_no


def _check(papers: Papers, request: Request, invoice_no: str) -> None:
    """The papers are of this invoice. Raises PlatformUnavailable when they are not."""
    sign = -1 if request.red_of else 1
    try:
        root = ElementTree.fromstring(papers.xml, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException, ValueError) as error:
        raise PlatformUnavailable("unreadable_paper") from error
    told = {name: root.findtext(name) for name in ("InvoiceNo", "AmountFen", "BuyerName")}
    wanted = {
        "InvoiceNo": invoice_no,
        "AmountFen": str(sign * request.amount_fen),
        "BuyerName": request.buyer_name,
    }
    if told != wanted or not papers.pdf.startswith(b"%PDF-"):
        raise PlatformUnavailable("papers of another invoice")


def _finish(
    database: Database, request_no: str, invoice_no: str, papers: Papers, seller: str
) -> None:
    with database.unit_of_work() as session:
        invoice = _invoice(session, request_no)
        if invoice.state not in OPEN:
            return
        invoice.invoice_no, invoice.issued_at = invoice_no, clock.now()
        invoice.pdf, invoice.xml, invoice.state = papers.pdf, papers.xml, "issued"
        if invoice.red_of is not None:
            free_bills(session, invoice.red_of)
        session.flush()
        events.publish(session, _issued(invoice, papers, seller))


def _issued(invoice: Invoice, papers: Papers, seller: str) -> InvoiceIssued:
    return InvoiceIssued(
        request_no=invoice.request_no,
        invoice_no=invoice.invoice_no or "",
        email=invoice.email,
        language=invoice.language,
        amount_fen=invoice.amount_fen,
        seller=seller,
        red=invoice.red_of is not None,
        pdf=papers.pdf,
        xml=papers.xml,
    )


def _refuse(database: Database, request_no: str, reason: str) -> None:
    """The bills of a refused invoice may stand on another."""
    _log.error("invoice_refused", request_no=request_no, reason=reason)
    with database.unit_of_work() as session:
        invoice = _invoice(session, request_no)
        if invoice.state in OPEN:
            invoice.state, invoice.reason = "refused", reason[:24]
            free_bills(session, invoice.id)


def free_bills(session: Session, invoice_id: int) -> None:
    """Let other invoices have the bills of this one."""
    session.execute(
        update(InvoiceLine).where(InvoiceLine.invoice_id == invoice_id).values(live=False)
    )


def _count(database: Database, request_no: str) -> None:
    with database.unit_of_work() as session:
        session.execute(
            update(Invoice)
            .where(Invoice.request_no == request_no)
            .values(attempts=Invoice.attempts + 1)
        )


def _invoice(session: Session, request_no: str) -> Invoice:
    wanted = select(Invoice).where(Invoice.request_no == request_no).with_for_update(of=Invoice)
    return session.scalars(wanted).one()
