"""Who listens to whom: the subscriptions between rooms that must not import each other.

Written once, here, and called by every process that may publish an event.
"""

from sqlalchemy.orm import Session

from notifications import autopay, balances, mail, sms, wechat
from notifications.mail import Enclosure
from payments import refunds
from payments.agreements import listening
from payments.counter import closing
from payments.invoices import reversing
from payments.invoices.events import InvoiceIssued
from payments.reconciliation import resolving
from runtime import events
from runtime.money import yuan
from service.events import (
    ActionApproved,
    ActionDeclined,
    AutoPayNews,
    BalanceSank,
    BillIssued,
    ConversationAdopted,
    PaymentReversed,
    StaffReplied,
)
from service.people.events import CodeIssued
from service.requests import asking


def wire() -> None:
    """Connect the rooms; a second call changes nothing."""
    events.subscribe(CodeIssued, sms.queue_code)
    events.subscribe(BillIssued, listening.on_bill_issued)
    events.subscribe(AutoPayNews, autopay.queue_news)
    events.subscribe(BalanceSank, balances.queue_low)
    events.subscribe(InvoiceIssued, mail_invoice)
    events.subscribe(StaffReplied, wechat.queue_reply)
    events.subscribe(PaymentReversed, take_back_invoices)
    events.subscribe(ActionApproved, refunds.on_approved)
    events.subscribe(ActionApproved, closing.on_approved)
    events.subscribe(ActionDeclined, closing.on_declined)
    events.subscribe(ActionApproved, resolving.on_approved)
    events.subscribe(ActionDeclined, resolving.on_declined)
    events.subscribe(ConversationAdopted, take_requests_along)


def take_back_invoices(session: Session, event: PaymentReversed) -> None:
    """An invoice for what is no longer paid is taken back; the sweep would find it later too."""
    reversing.take_back(session, [event.account_no])


def take_requests_along(session: Session, event: ConversationAdopted) -> None:
    """What a stranger asked for is the user's who has signed in to the conversation."""
    asking.adopt(session, event.was, event.user_id)


def mail_invoice(session: Session, event: InvoiceIssued) -> None:
    """Send an invoice to where its customer wanted it."""
    if event.email is None:
        return
    template = "red_invoice" if event.red else "invoice"
    params = {"number": event.invoice_no, "amount": yuan(event.amount_fen), "utility": event.seller}
    enclosures = (
        Enclosure(f"{event.invoice_no}.pdf", "application/pdf", event.pdf),
        Enclosure(f"{event.invoice_no}.xml", "application/xml", event.xml),
    )
    mail.queue(session, event.email, template, event.language, params, enclosures)
