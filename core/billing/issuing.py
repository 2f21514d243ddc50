"""A bill becomes owed: it gets its dates, stands in the ledger and goes out by the feed."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import published
from core.billing import ledger
from core.feed import Change
from core.models import Account, Bill, ServicePoint
from runtime import clock


def issue(session: Session, bill: Bill, at: datetime, due_days: int) -> None:
    """Issue a bill at an instant; it is due so many civil days later.

    A bill of nothing, or of less than nothing, is settled as it is issued.
    """
    date_bill(bill, at, due_days)
    ledger.book(session, bill.account_id, "bill", bill.bill_no, bill.total_fen, at)


def date_bill(bill: Bill, at: datetime, due_days: int) -> None:
    """Give a bill the status and dates of an issued one."""
    bill.status = "issued"
    bill.issued_at = at
    bill.due = clock.civil_date(at) + timedelta(days=due_days)
    if bill.total_fen <= 0:
        bill.settled_fen, bill.settled_at = bill.total_fen, at


def live_bill(session: Session, service_point_id: int, period: str) -> Bill | None:
    """The one bill of a service point and month that is not cancelled."""
    return session.scalar(
        select(Bill).where(
            Bill.service_point_id == service_point_id,
            Bill.period == period,
            Bill.status != "cancelled",
        )
    )


def bill_changes(session: Session, bills: Iterable[Bill]) -> Sequence[Change]:
    """The bills for the change feed."""
    wanted = list(bills)
    owners = (
        select(Bill.id, Account.account_no, ServicePoint.service_point_no)
        .join(Account, Account.id == Bill.account_id)
        .join(ServicePoint, ServicePoint.id == Bill.service_point_id)
        .where(Bill.id.in_([bill.id for bill in wanted]))
    )
    found = {bill_id: names for bill_id, *names in session.execute(owners)}
    return [published.bill(bill, *found[bill.id]) for bill in wanted]
