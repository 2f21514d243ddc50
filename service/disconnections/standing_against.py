"""What stands against disconnecting an account: asked when it is planned, approved, and done."""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime import clock
from runtime.errors import Conflict, Refused
from service import received
from service.arrangements.models import Arrangement
from service.arrangements.resting import is_resting
from service.arrangements.standing import standing
from service.disconnections.models import ProtectedAccount
from service.disconnections.rules import rules
from service.dues import is_open
from service.models import Account, Bill
from service.requests.models import Request


def overdue_bills(session: Session, account_no: str, day: date) -> list[Bill]:
    """The bills that are past their due day and not settled, the oldest first; as they are now."""
    return list(
        session.scalars(
            select(Bill)
            .where(Bill.account_no == account_no, is_open(), Bill.due < day)
            .order_by(Bill.due, Bill.bill_no)
            .execution_options(populate_existing=True)
        )
    )


def unpaid_bills(session: Session, account_no: str, day: date) -> list[Bill]:
    """Of the overdue bills those whose money is not on its way to the core either.

    An amount of the customer's own goes to the oldest bills. It need not cover the late charge,
    which grows until the core posts it: nobody is cut off for that.
    """
    here = received.on_its_way(session, account_no)
    left, free_fen = [], here.free_fen
    for bill in overdue_bills(session, account_no, day):
        if bill.bill_no not in here.bill_nos:
            free_fen -= overdue_fen([bill])
            left += [bill] if free_fen < 0 else []
    return left


def overdue_fen(bills: Sequence[Bill]) -> int:
    """The principal in fen that is left of bills."""
    return sum(bill.total_fen - bill.settled_fen for bill in bills)


def hindrance(session: Session, account: Account, at: datetime) -> Conflict | None:
    """Why the account must not be disconnected at that moment, by what is known now.

    Codes: `disconnection.prepaid`, `disconnection.paid`, `disconnection.not_overdue` (`days`),
    `disconnection.protected`, `disconnection.low_income`, `disconnection.season`,
    `disconnection.arrangement`, `disconnection.disputed`.
    """
    if account.settlement == "prepaid":
        return Conflict("disconnection.prepaid")
    return (
        _of_arrears(session, account)
        or _of_account(session, account, clock.civil_date(at))
        or _of_customer(session, account)
    )


def is_arranged(session: Session, account_no: str) -> bool:
    """Whether an arrangement keeps supply on: a promise does when all that is overdue is in it."""
    found = session.scalar(
        select(Arrangement).where(Arrangement.account_no == account_no, is_resting(clock.today()))
    )
    if found is None or found.kind != "promise":
        return found is not None
    promised = {bill.bill_no for bill in standing(session, found).bills}
    overdue = unpaid_bills(session, account_no, clock.today())
    return promised.issuperset(bill.bill_no for bill in overdue)


def protection(session: Session, account_no: str) -> ProtectedAccount | None:
    """The account's protection, if it holds today."""
    found = session.get(ProtectedAccount, account_no, populate_existing=True)
    if found is None or (found.until is not None and found.until < clock.today()):
        return None
    return found


def wrong_hour(account: Account, at: datetime) -> Refused | None:
    """Why it cannot be at that moment, whoever it is: hour, day, or too little time for notice.

    Codes: `disconnection.hour`, `disconnection.day_off`, `disconnection.too_far` (`days`),
    `disconnection.notice_short` (`days`).
    """
    local, hours = at.astimezone(clock.BEIJING), rules().hours
    if local.hour not in hours.at or (local.minute, local.second) != (0, 0):
        return Refused("disconnection.hour")
    if not is_possible_day(local.date()):
        return Refused("disconnection.day_off")
    if local.date() > clock.today() + timedelta(days=hours.plan_days):
        return Refused("disconnection.too_far", days=hours.plan_days)
    if notice_by(account, at) < clock.now():
        return Refused("disconnection.notice_short", days=rules().of(account).notice_days)
    return None


def is_possible_day(day: date) -> bool:
    """A working day that is followed by working days."""
    after = rules().hours.working_days_after
    return all(clock.is_working_day(day + timedelta(days=ahead)) for ahead in range(after + 1))


def notice_by(account: Account, at: datetime) -> datetime:
    """By when the customer must have been told."""
    return at - timedelta(days=rules().of(account).notice_days)


def _of_arrears(session: Session, account: Account) -> Conflict | None:
    bills = unpaid_bills(session, account.account_no, clock.today())
    if not bills:
        return Conflict("disconnection.paid")
    days = rules().of(account).overdue_days
    if (clock.today() - bills[0].due).days <= days:
        return Conflict("disconnection.not_overdue", days=days)
    if _is_disputed(session, account.account_no, {bill.bill_no for bill in bills}):
        return Conflict("disconnection.disputed")
    return None


def _of_account(session: Session, account: Account, day: date) -> Conflict | None:
    if protection(session, account.account_no) is not None:
        return Conflict("disconnection.protected")
    if account.low_income and rules().low_income.protected:
        return Conflict("disconnection.low_income")
    if rules().protects(account, day.month):
        return Conflict("disconnection.season")
    return None


def _of_customer(session: Session, account: Account) -> Conflict | None:
    arranged = is_arranged(session, account.account_no)
    return Conflict("disconnection.arrangement") if arranged else None


def _is_disputed(session: Session, account_no: str, bill_nos: set[str]) -> bool:
    """Whether an open request disputes one of these bills; one that names none disputes all."""
    filed = session.scalars(
        select(Request.fields).where(
            Request.account_no == account_no,
            Request.kind.in_(rules().disputes.kinds),
            Request.closed_at.is_(None),
        )
    )
    return any(json.loads(fields).get("bill") in {None, *bill_nos} for fields in filed)
