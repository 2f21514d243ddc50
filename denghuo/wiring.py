"""Who listens to whom: the subscriptions between rooms that must not import each other.

Written once, here, and called by every process that may publish an event.
"""

from sqlalchemy.orm import Session

from notifications import (
    arrangements,
    autopay,
    balances,
    bills,
    browsers,
    disconnections,
    firms,
    guests,
    mail,
    outages,
    requests,
    sms,
    usage,
    wechat,
)
from notifications import payments as paid
from notifications.arrears import sparing, withdrawing
from notifications.campaigns import course as campaigns
from notifications.events import LegalNoticeFailed, LegalNoticeTold
from notifications.mail import Enclosure
from notifications.preferences import stopping
from notifications.wordings import changing as wordings
from payments import on_its_way, refunds
from payments.agreements import listening
from payments.counter import closing
from payments.invoices import reversing
from payments.invoices.events import InvoiceIssued
from payments.reconciliation import resolving
from runtime import events
from runtime.money import yuan
from service import received
from service.arrangements import deciding, following
from service.customers import exports, rebills
from service.desk import leaving
from service.disconnections import calling_off, planning
from service.events import (
    ActionApproved,
    ActionDeclined,
    AppointmentChanged,
    ArrangementBroken,
    ArrangementDecided,
    ArrangementKept,
    ArrangementMade,
    AutoPayNews,
    BalanceSank,
    BillIssued,
    BillsIssued,
    ConversationAdopted,
    DisconnectionCalledOff,
    DisconnectionNear,
    DisconnectionPlanned,
    InstalmentDue,
    OutageAnnounced,
    OutageChanged,
    PaymentPosted,
    PaymentReversed,
    RequestDueSoon,
    RequestJoined,
    RequestLate,
    RequestMoved,
    RequestOpened,
    RequestRated,
    RequestReplied,
    StaffReplied,
    TierNear,
    UnusualUsage,
    UsageFell,
)
from service.outages import changing
from service.people import staff
from service.people.events import CodeIssued, NewBrowser, RoleChanged, UserRegistered
from service.requests import appointments, asking, joining


def wire() -> None:
    """Connect the rooms; a second call changes nothing."""
    events.subscribe(CodeIssued, sms.queue_code)
    events.subscribe(UserRegistered, stopping.on_registered)
    events.subscribe(BillIssued, listening.on_bill_issued)
    events.subscribe(InvoiceIssued, mail_invoice)
    events.subscribe(StaffReplied, wechat.queue_reply)
    events.subscribe(PaymentReversed, take_back_invoices)
    events.subscribe(ActionApproved, refunds.on_approved)
    events.subscribe(ActionApproved, staff.on_approved)
    events.subscribe(RoleChanged, leaving.give_back)
    events.subscribe(ActionApproved, closing.on_approved)
    events.subscribe(ActionDeclined, closing.on_declined)
    events.subscribe(ActionApproved, resolving.on_approved)
    events.subscribe(ActionDeclined, resolving.on_declined)
    events.subscribe(ActionApproved, rebills.on_approved)
    events.subscribe(ActionApproved, exports.on_approved)
    events.subscribe(ActionApproved, wordings.on_approved)
    events.subscribe(ActionDeclined, wordings.on_declined)
    events.subscribe(ConversationAdopted, take_requests_along)
    events.subscribe(RequestMoved, appointments.on_moved)
    events.subscribe(OutageChanged, changing.on_changed)
    events.subscribe(OutageAnnounced, joining.on_announced)
    events.subscribe(OutageChanged, joining.on_changed)
    _follow_arrears()
    _fill_inboxes()
    _tell_guests()
    _tell_of_money()
    _tell_of_the_rest()


def _follow_arrears() -> None:
    """Money and the desk decide about arrangements, and both call a disconnection off.

    Reminders that money leaves nothing to say of are taken back with it.
    """
    events.subscribe(PaymentPosted, following.on_posted)
    events.subscribe(PaymentPosted, calling_off.on_posted)
    events.subscribe(ActionApproved, deciding.on_approved)
    events.subscribe(ActionApproved, planning.on_approved)
    events.subscribe(ActionDeclined, planning.on_declined)
    events.subscribe(ArrangementMade, calling_off.on_arrangement)
    events.subscribe(ArrangementDecided, calling_off.on_decided)
    events.subscribe(PaymentPosted, withdrawing.withdraw_paid)
    events.subscribe(BillsIssued, withdrawing.withdraw_corrected)
    sparing.spare(on_its_way.paid)
    sparing.spare(on_its_way.debited)
    received.ask_too(on_its_way.received)


def _fill_inboxes() -> None:
    """What people read in the portal itself."""
    events.subscribe(RequestOpened, requests.on_opened)
    events.subscribe(RequestMoved, requests.on_moved)
    events.subscribe(RequestJoined, requests.on_joined)
    events.subscribe(RequestDueSoon, requests.on_due_soon)
    events.subscribe(RequestLate, requests.on_late)
    events.subscribe(RequestReplied, requests.on_replied)
    events.subscribe(RequestRated, requests.on_rated)
    events.subscribe(AppointmentChanged, requests.on_appointment)
    events.subscribe(StaffReplied, requests.on_talk)
    events.subscribe(OutageAnnounced, outages.on_announced)
    events.subscribe(OutageChanged, outages.on_changed)


def _tell_guests() -> None:
    """What is sent to the phones of those who have no inbox."""
    events.subscribe(RequestMoved, guests.on_moved)
    events.subscribe(RequestReplied, guests.on_replied)
    events.subscribe(AppointmentChanged, guests.on_appointment)


def _tell_of_money() -> None:
    """What customers hear of bills, payments and what was agreed about them."""
    events.subscribe(BillsIssued, bills.on_issued)
    events.subscribe(PaymentPosted, paid.on_posted)
    events.subscribe(PaymentReversed, paid.on_reversed)
    events.subscribe(AutoPayNews, autopay.on_news)
    events.subscribe(BalanceSank, balances.on_sank)
    events.subscribe(ArrangementDecided, arrangements.on_decided)
    events.subscribe(ArrangementKept, arrangements.on_kept)
    events.subscribe(ArrangementBroken, arrangements.on_broken)
    events.subscribe(InstalmentDue, arrangements.on_due)
    events.subscribe(DisconnectionPlanned, disconnections.on_planned)
    events.subscribe(LegalNoticeTold, disconnections.on_told)
    events.subscribe(LegalNoticeFailed, disconnections.on_failed)
    events.subscribe(DisconnectionNear, disconnections.on_near)
    events.subscribe(DisconnectionCalledOff, disconnections.on_called_off)


def _tell_of_the_rest() -> None:
    """Use that stands out, strange browsers, and campaigns that a second person has seen."""
    events.subscribe(UnusualUsage, usage.on_unusual)
    events.subscribe(TierNear, usage.on_tier_near)
    events.subscribe(UsageFell, firms.on_fell)
    events.subscribe(NewBrowser, browsers.on_new)
    events.subscribe(ActionApproved, campaigns.on_approved)
    events.subscribe(ActionDeclined, campaigns.on_declined)


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
