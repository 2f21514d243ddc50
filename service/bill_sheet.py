"""A bill with what stands around it on its page, in few queries.

What it comes to today, how it compares, the bills before it, and the days it covers. Only the
comparison that is asked for is rated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime import clock
from runtime.errors import NotFound
from service import meter_data
from service.access import RIGHTS, Right, linked
from service.bills import BillSummary, BillView, month_before, summary_of, view_of
from service.dues import Due, due_of
from service.explanation import Explanation, explain_change
from service.meter_data import DayTotal, PointDays
from service.models import Bill, Link

PAST = 3
"""Earlier months that are listed beside a bill."""

AGAINST = {"last_month": 1, "last_year": 12}
"""What a bill can be held against, and how many months before it that is."""


@dataclass(frozen=True)
class BillDays:
    """Every day that a bill covers; `periods` is Wh by day and period where the hour matters."""

    days: tuple[DayTotal, ...]
    periods: Mapping[date, Mapping[str, int]]


@dataclass(frozen=True)
class BillSheet:
    """A bill and its surroundings.

    `due` is what it comes to today, None when nothing of it is outstanding. `change` is against
    the month named by `against`, `others` names the further ones there are. `days` is None for
    a role that does not see usage, and where no meter data are known.
    """

    bill: BillView
    due: Due | None
    against: str | None
    change: Explanation | None
    others: tuple[str, ...]
    past: tuple[BillSummary, ...]
    days: BillDays | None


def bill_sheet(session: Session, user_id: int, bill_no: str, against: str) -> BillSheet:
    """One bill with its surroundings. Raises NotFound when it is not the user's to see.

    `against` is a key of AGAINST; where that month is not known, another one takes its place.
    """
    query = linked(select(Bill, Link.role), Bill.account_no, user_id, Right.SEE_BILLS)
    row = session.execute(query.where(Bill.bill_no == bill_no)).one_or_none()
    if row is None:
        raise NotFound("bill.not_found", bill_no=bill_no)
    bill, role = row
    known = _neighbours(session, bill)
    comparable = [name for name, months in AGAINST.items() if _before(bill, months) in known]
    chosen = against if against in comparable else next(iter(comparable), None)
    return BillSheet(
        bill=view_of(session, bill),
        due=_due(bill),
        against=chosen,
        change=explain_change(bill, known[_before(bill, AGAINST[chosen])]) if chosen else None,
        others=tuple(name for name in comparable if name != chosen),
        past=_past(bill, known),
        days=_days(session, bill) if Right.SEE_USAGE in RIGHTS[role] else None,
    )


def _before(bill: Bill, months: int) -> str:
    return month_before(bill.period, months)


def _due(bill: Bill) -> Due | None:
    if bill.status != "issued" or bill.settled_fen >= bill.total_fen:
        return None
    return due_of(bill, clock.today())


def _neighbours(session: Session, bill: Bill) -> dict[str, Bill]:
    """The bills of the same place that stand beside this one, by period."""
    months = {*range(1, PAST + 1), *AGAINST.values()}
    found = session.scalars(
        select(Bill).where(
            Bill.account_no == bill.account_no,
            Bill.service_point_no == bill.service_point_no,
            Bill.period.in_([_before(bill, count) for count in sorted(months)]),
            Bill.status == "issued",
        )
    )
    return {each.period: each for each in found}


def _past(bill: Bill, known: Mapping[str, Bill]) -> tuple[BillSummary, ...]:
    today = clock.today()
    periods = (_before(bill, months) for months in range(1, PAST + 1))
    return tuple(summary_of(known[period], today) for period in periods if period in known)


def _days(session: Session, bill: Bill) -> BillDays | None:
    meters = meter_data.meters_of(session, bill.account_no, bill.service_point_no)
    points = meter_data.quarters(session, meters, bill.from_day, bill.to_day)
    point = points.get(bill.service_point_no)
    if point is not None:
        return BillDays(_by_quarters(bill, point), _by_period(point))
    if all(meter.interval for meter in meters):
        return None
    found = meter_data.day_totals(session, meters, bill.from_day, bill.to_day)
    return BillDays(_whole(bill, found), {}) if found else None


def _by_quarters(bill: Bill, point: PointDays) -> tuple[DayTotal, ...]:
    found = {
        day: DayTotal(
            day,
            int(point.import_wh[row].sum()),
            int(point.export_wh[row].sum()),
            "VEM"[point.marks[row].max()],
        )
        for row, day in enumerate(point.days)
    }
    return _whole(bill, found)


def _by_period(point: PointDays) -> dict[date, dict[str, int]]:
    sums = meter_data.by_period(point.tariff, point.days, point.import_wh)
    found = dict(zip(point.days, sums, strict=True))
    return {} if all(set(each) == {"total"} for each in sums) else found


def _whole(bill: Bill, found: Mapping[date, DayTotal]) -> tuple[DayTotal, ...]:
    return tuple(
        found.get(day) or DayTotal(day, None, 0, "M")
        for day in meter_data.days_between(bill.from_day, bill.to_day)
    )
