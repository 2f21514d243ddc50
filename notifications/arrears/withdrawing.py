"""Reminders taken back: in the transaction that posts the money, or that corrects the bill."""

from datetime import timedelta

from sqlalchemy import ColumnElement, literal, or_, select
from sqlalchemy.orm import Session

from notifications import notices
from notifications.arrears import telling
from notifications.arrears.ladder import ALL_KINDS
from notifications.models import COMPOSED, WAITING, Notice
from runtime import clock
from service.events import BillsIssued, PaymentPosted
from service.models import Bill

PAID, CORRECTED, PAUSED = "paid", "corrected", "paused"
"""Why a notice was taken back."""
RECENT = timedelta(days=3)
"""What is older is history that a first load brings; a notice reads the figures when it is sent."""


def withdraw_paid(session: Session, event: PaymentPosted) -> None:
    """Money has been posted: what it leaves nothing to say of is taken back in its transaction."""
    if clock.now() - event.posted_at <= RECENT:
        withdraw_settled(session, event.account_no, PAID)


def withdraw_corrected(session: Session, event: BillsIssued) -> None:
    """Bills have come in the place of others that were cancelled with it."""
    accounts = select(Bill.account_no).where(
        Bill.bill_no.in_(event.corrected), Bill.issued_at > clock.now() - RECENT
    )
    for account_no in session.scalars(accounts.distinct()) if event.corrected else ():
        withdraw_settled(session, account_no, CORRECTED)


def withdraw_settled(session: Session, account_no: str, reason: str) -> int:
    """Take back what waits for an account and has nothing to tell of any more; how many."""
    session.flush()
    waiting = list(session.scalars(select(Notice).where(Notice.account_no == account_no, *_open())))
    over = [
        notice.id
        for notice, dues in zip(waiting, telling.dues_of(session, waiting), strict=True)
        if not dues
    ]
    return notices.withdraw(session, Notice.id.in_(over), reason=reason) if over else 0


def withdraw_all(session: Session) -> int:
    """Take back every reminder that waits; returns how many."""
    return notices.withdraw(session, *_open(), reason=PAUSED)


def put_back_paused(session: Session) -> None:
    """Let what a pause took back wait again; what no longer holds is taken back as it is sent."""
    paused = Notice.reason == literal(PAUSED, literal_execute=True)  # in the words of its index
    notices.put_back(session, paused, Notice.kind.in_(ALL_KINDS))


def _open() -> tuple[ColumnElement[bool], ...]:
    is_open = or_(Notice.state == WAITING, Notice.state == COMPOSED)  # each has an index
    return Notice.kind.in_(ALL_KINDS), is_open
