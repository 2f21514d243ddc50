"""What a user owes: outstanding bills and the late charge on them (rule 7.9).

The charge is computed as the core takes it: simple, from the day after the due date to the day of
payment, on the outstanding part of a bill without the late charges that the bill itself carries.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, literal, select
from sqlalchemy.orm import Session

from rating import Case, Late, UnknownTariff, load_tariffs, rate
from runtime import clock
from runtime.errors import NotFound
from service.access import Right, linked
from service.models import Account, Bill


@dataclass(frozen=True)
class Due:
    """An outstanding bill: `principal_fen` of it, plus the late charge if paid on the day asked."""

    bill_no: str
    account_no: str
    period: str
    principal_fen: int
    late_fee_fen: int
    due: date
    days_late: int

    @property
    def amount_fen(self) -> int:
        return self.principal_fen + self.late_fee_fen


def dues(
    session: Session,
    user_id: int,
    account_nos: Collection[str] | None = None,
    *,
    on: date | None = None,
    needs: Right = Right.SEE_BILLS,
) -> list[Due]:
    """The outstanding bills of the user's accounts, the oldest due first, as of the civil day `on`.

    `account_nos` narrows; an account that is not the user's has no dues here.
    """
    query = linked(select(Bill), Bill.account_no, user_id, needs)
    if account_nos is not None:
        query = query.where(Bill.account_no.in_(account_nos))
    return _outstanding(session, query, on or clock.today())


def dues_of(session: Session, account_no: str) -> list[Due]:
    """What is due today of any account, the oldest first: for the utility's own counter alone."""
    return _outstanding(session, select(Bill).where(Bill.account_no == account_no), clock.today())


def account_at_the_desk(session: Session, account_no: str) -> Account:
    """Any account: for the utility's own people alone. Raises NotFound("counter.no_account")."""
    account = session.get(Account, account_no)
    if account is None:
        raise NotFound("counter.no_account")
    return account


def is_open() -> ColumnElement[bool]:
    """Issued and not settled: in the words of the index of open bills, which serves no others."""
    issued = Bill.status == literal("issued", literal_execute=True)
    return and_(issued, Bill.settled_fen < Bill.total_fen)


def _outstanding(session: Session, query: Select[Bill], day: date) -> list[Due]:
    waiting = query.where(is_open())
    bills = session.scalars(waiting.order_by(Bill.due, Bill.bill_no))
    return [due_of(bill, day) for bill in bills]


def due_of(bill: Bill, on: date) -> Due:
    """What an outstanding bill comes to on a civil day."""
    return Due(
        bill_no=bill.bill_no,
        account_no=bill.account_no,
        period=bill.period,
        principal_fen=bill.total_fen - bill.settled_fen,
        late_fee_fen=late_fee_fen(bill, on),
        due=bill.due,
        days_late=max(0, (on - bill.due).days),
    )


def late_fee_fen(bill: Bill, on: date) -> int:
    """The late charge in fen if all that is outstanding were paid on a civil day.

    0 under a tariff that this installation does not know yet; the core then leaves it owed.
    """
    return late_on(bill, bearing_fen(bill) - bill.settled_fen, on)


def bearing_fen(bill: Bill) -> int:
    """The part of a bill that bears a late charge: all but those that it carries itself."""
    return bill.consumption_fen + bill.export_fen


def late_on(bill: Bill, arrears_fen: int, on: date) -> int:
    """The late charge in fen on so much of a bill, paid on a civil day. 0 as `late_fee_fen`."""
    if on <= bill.due or arrears_fen <= 0:
        return 0
    try:
        version = load_tariffs().find(bill.tariff, bill.period)
    except UnknownTariff:
        return 0
    late = Late(arrears_fen, bill.due, on)
    return rate(Case(version=version, period=bill.period, kwh={}, late=late)).late_fen
