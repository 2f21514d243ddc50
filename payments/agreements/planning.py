"""What is debited when: planned with the bill, announced a day before, told afterwards."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, extract, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from payments.agreements import calendar
from payments.agreements.models import Agreement, AgreementDebit
from payments.settings import PaymentSettings
from runtime import clock, events
from runtime.questions import Question, asked
from service.access import Right
from service.dues import Due, dues, is_open
from service.events import AutoPayNews, BillIssued
from service.models import Bill

AT_ONCE = 200
"""Debits of a kind that one round takes up."""


def plan_issued(session: Session, bill: BillIssued, settings: PaymentSettings) -> None:
    """A bill has been issued: debit it some days later, if its account has an agreement.

    Old bills, as the first load of a utility brings them, are older than any agreement.
    """
    row = _ACTIVE.ask_one(session, account_no=bill.account_no, issued_at=bill.issued_at)
    if row is not None and bill.total_fen > 0:
        day = calendar.first_day(bill.issued_at, bill.due, settings, clock.now())
        _plan(session, row[0], bill.bill_no, bill.period, day)


def plan_outstanding(session: Session, agreement: Agreement, settings: PaymentSettings) -> None:
    """Bills that were issued after the signing and before we heard of it."""
    waiting = select(Bill).where(
        Bill.account_no == agreement.account_no,
        is_open(),
        Bill.issued_at >= agreement.signed_at,
    )
    for bill in session.scalars(waiting):
        day = calendar.first_day(bill.issued_at, bill.due, settings, clock.now())
        _plan(session, agreement.id, bill.bill_no, bill.period, day)


def plan_again(session: Session, debit: AgreementDebit, *, told: bool) -> date | None:
    """Plan the next attempt after one that failed; its day, None when there is no other.

    `told`: who hears that it failed hears when it is tried again.
    """
    first = select(func.min(AgreementDebit.day)).where(
        AgreementDebit.agreement_id == debit.agreement_id,
        AgreementDebit.bill_no == debit.bill_no,
        AgreementDebit.state != "dropped",
    )
    tried = max(debit.day, clock.today())
    due = session.get_one(Bill, debit.bill_no).due
    day = calendar.next_day(session.scalar(first) or debit.day, tried, due)
    if day is not None:
        _plan(
            session,
            debit.agreement_id,
            debit.bill_no,
            debit.period,
            day,
            attempt=debit.attempt + 1,
            announced_at=clock.now() if told else None,
        )
    return day


def plan_once_more(session: Session, debit: AgreementDebit) -> None:
    """The same attempt anew: the one before has never reached the gateway, and never will."""
    _plan(
        session,
        debit.agreement_id,
        debit.bill_no,
        debit.period,
        debit.day,
        attempt=debit.attempt,
        announced_at=debit.announced_at,
    )


def drop_planned(session: Session, agreement: Agreement, reason: str) -> None:
    """Nothing that has not begun will begin."""
    session.execute(
        update(AgreementDebit)
        .where(AgreementDebit.agreement_id == agreement.id, AgreementDebit.state == "planned")
        .values(state="dropped", reason=reason, finished_at=clock.now())
    )


def announce(session: Session, settings: PaymentSettings) -> None:
    """Tell payers of tomorrow's debits. One that was not told of in time waits for a day."""
    earliest = calendar.announceable(clock.now())
    waiting = (
        select(AgreementDebit, Agreement)
        .join(Agreement, Agreement.id == AgreementDebit.agreement_id)
        .where(
            AgreementDebit.state == "planned",
            AgreementDebit.announced_at.is_(None),
            AgreementDebit.day <= earliest,
        )
        .order_by(AgreementDebit.id)
        .limit(AT_ONCE)
        .with_for_update(of=AgreementDebit, skip_locked=True)
    )
    for debit, agreement in session.execute(waiting).all():
        debit.day = max(debit.day, earliest)
        _announce(session, debit, agreement, settings)


def still_due(
    session: Session,
    debit: AgreementDebit,
    agreement: Agreement,
    settings: PaymentSettings,
    day: date,
) -> bool:
    """Whether the bill is to be debited on a day; the debit then has what it comes to.

    Else the debit is over: the bill is paid, or it is more than its payer allows, who is told.
    """
    due = _payable(session, agreement, debit.bill_no, day)
    if due is None:
        finish(debit, "dropped", "paid")
        return False
    debit.amount_fen = due.amount_fen
    if not _within_limit(session, agreement, due.amount_fen, day):
        finish(debit, "failed", "over_limit")
        tell(session, "over_limit", agreement, settings, debit)
        return False
    return True


def finish(debit: AgreementDebit, state: str, reason: str | None = None) -> None:
    """The attempt is over."""
    debit.state, debit.reason, debit.finished_at = state, reason, clock.now()


def tell(
    session: Session,
    kind: str,
    agreement: Agreement,
    settings: PaymentSettings,
    debit: AgreementDebit | None = None,
    day: date | None = None,
) -> None:
    """Let the payer know."""
    events.publish(
        session,
        AutoPayNews(
            kind=kind,
            user_id=agreement.user_id,
            account_no=agreement.account_no,
            gateway=agreement.gateway,
            pay_url=f"{settings.public_url}/pay",
            period=debit.period if debit else None,
            amount_fen=debit.amount_fen if debit else None,
            limit_fen=agreement.limit_fen,
            day=day,
        ),
    )


def _announce(
    session: Session, debit: AgreementDebit, agreement: Agreement, settings: PaymentSettings
) -> None:
    if still_due(session, debit, agreement, settings, debit.day):
        debit.announced_at = clock.now()
        tell(session, "announced", agreement, settings, debit, debit.day)


def _payable(session: Session, agreement: Agreement, bill_no: str, day: date) -> Due | None:
    """What the bill will come to on a day; None when its payer owes nothing of it any more."""
    waiting = dues(session, agreement.user_id, [agreement.account_no], on=day, needs=Right.PAY)
    return next((due for due in waiting if due.bill_no == bill_no), None)


def _within_limit(session: Session, agreement: Agreement, amount_fen: int, day: date) -> bool:
    """Whether the sum that the customer chose covers this with all of the same month."""
    spent = select(func.coalesce(func.sum(AgreementDebit.amount_fen), 0)).where(
        AgreementDebit.agreement_id == agreement.id,
        AgreementDebit.state.in_(("begun", "paid")),
        _same_month(day),
    )
    return int(session.scalar(spent) or 0) + amount_fen <= agreement.limit_fen


def _plan(
    session: Session, agreement_id: int, bill_no: str, period: str, day: date, **more: Any
) -> None:
    """One open attempt for a bill, and one a day: the database sees to it."""
    values = {
        "agreement_id": agreement_id,
        "bill_no": bill_no,
        "period": period,
        "day": day,
        "attempt": 1,
        "state": "planned",
    }
    session.execute(insert(AgreementDebit).values(values | more).on_conflict_do_nothing())


def _same_month(day: date) -> ColumnElement[bool]:
    return and_(
        extract("year", AgreementDebit.day) == day.year,
        extract("month", AgreementDebit.day) == day.month,
    )


_ACTIVE = Question(
    select(Agreement.id).where(
        Agreement.account_no == asked("account_no"),
        Agreement.state == "active",
        Agreement.signed_at <= asked("issued_at"),
    )
)
