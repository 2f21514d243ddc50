"""A bill with what stands around it on its page, in few queries.

What it comes to today, how it compares, the bills before it, and the days it covers. Only the
comparison that is asked for is rated.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from runtime import clock
from runtime.errors import NotFound
from runtime.questions import Question, among, asked
from service import meter_data
from service.access import RIGHTS, Right, linked
from service.bills import BillSummary, BillView, month_before, summary_of, view
from service.dues import Due, due_of
from service.explanation import Explanation, explain_change
from service.meter_data import DayTotal, MeterInPlace, PointDays, QuarterRow
from service.models import Account, Bill
from service.people.links import COLUMNS, LinkedAccount

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

    account: LinkedAccount
    bill: BillView
    due: Due | None
    against: str | None
    change: Explanation | None
    others: tuple[str, ...]
    past: tuple[BillSummary, ...]
    days: BillDays | None


class BillRow(NamedTuple):
    """A bill as it is stored; its JSON as text, so that rows compare."""

    bill_no: str
    account_no: str
    service_point_no: str
    period: str
    revision: int
    status: str
    from_day: date
    to_day: date
    wh: int
    tariff: str
    tariff_version: str
    total_fen: int
    consumption_fen: int
    export_fen: int
    settled_fen: int
    estimated: bool
    issued_at: datetime
    due: date
    settled_at: datetime | None
    case: str
    lines: str
    readings: str

    @property
    def open(self) -> bool:
        """Whether something of it is outstanding."""
        return self.status == "issued" and self.settled_fen < self.total_fen

    def stored(self) -> Bill:
        """The bill, outside of any session."""
        return Bill(**self._asdict() | {name: json.loads(getattr(self, name)) for name in JSON})


JSON = ("case", "lines", "readings")


def _column(name: str) -> Any:
    column = getattr(Bill, name)
    return cast(column, Text) if name in JSON else column


BILL = tuple(_column(name) for name in BillRow._fields)
"""What a BillRow is made of, in its order."""

_BILL = Question(
    linked(
        select(*BILL, *COLUMNS).join(Account, Account.account_no == Bill.account_no),
        Bill.account_no,
        asked("user_id"),
        Right.SEE_BILLS,
    ).where(Bill.bill_no == asked("bill_no"))
)

_NEIGHBOURS = Question(
    select(*BILL).where(
        Bill.account_no == asked("account_no"),
        Bill.service_point_no == asked("service_point_no"),
        Bill.period == among("periods"),
        Bill.status == "issued",
    )
)


@dataclass(frozen=True)
class SheetRows:
    """What is stored about a bill and around it, and the asker's own view of the account.

    Equal rows make equal sheets on the same day, so whatever is made of them can be kept by them.
    """

    bill: BillRow
    account: LinkedAccount
    neighbours: tuple[BillRow, ...]
    meters: tuple[MeterInPlace, ...] = ()
    quarters: tuple[QuarterRow, ...] = ()
    totals: tuple[DayTotal, ...] = ()


def bill_sheet(session: Session, user_id: int, bill_no: str, against: str) -> BillSheet:
    """One bill with its surroundings. Raises NotFound when it is not the user's to see.

    `against` is a key of AGAINST; where that month is not known, another one takes its place.
    """
    return sheet_of(read_rows(session, user_id, bill_no), against, clock.today())


def read_rows(session: Session, user_id: int, bill_no: str) -> SheetRows:
    """What a bill's sheet is made of. Raises NotFound when it is not the user's to see."""
    found = _BILL.ask_one(session, user_id=user_id, bill_no=bill_no)
    if found is None:
        raise NotFound("bill.not_found", bill_no=bill_no)
    bill, account = BillRow._make(found[: len(BILL)]), LinkedAccount(*found[len(BILL) :])
    months = {0, *range(1, PAST + 1), *AGAINST.values()}
    periods = [month_before(bill.period, count) for count in sorted(months)]
    rows = _NEIGHBOURS.ask(
        session,
        account_no=bill.account_no,
        service_point_no=bill.service_point_no,
        periods=periods,
    )
    neighbours = tuple(BillRow._make(row) for row in rows)
    if Right.SEE_USAGE not in RIGHTS[account.role]:
        return SheetRows(bill, account, neighbours)
    meters = meter_data.meters_of(session, bill.account_no, bill.service_point_no)
    span = (bill.from_day, bill.to_day)
    quarters = meter_data.quarter_rows(session, meters, *span)
    by_day = not quarters and not all(meter.interval for meter in meters)
    totals = meter_data.day_totals(session, meters, *span) if by_day else {}
    return SheetRows(bill, account, neighbours, tuple(meters), quarters, tuple(totals.values()))


def sheet_of(rows: SheetRows, against: str, today: date) -> BillSheet:
    """The sheet that was read, as of a day."""
    bill = rows.bill.stored()
    known = {row.period: row.stored() for row in rows.neighbours}
    comparable = [name for name, months in AGAINST.items() if _before(bill, months) in known]
    chosen = against if against in comparable else next(iter(comparable), None)
    numbers = {period: each.bill_no for period, each in known.items()}
    return BillSheet(
        account=rows.account,
        bill=view(bill, numbers, today),
        due=due_of(bill, today) if rows.bill.open else None,
        against=chosen,
        change=explain_change(bill, known[_before(bill, AGAINST[chosen])]) if chosen else None,
        others=tuple(name for name in comparable if name != chosen),
        past=_past(bill, known, today),
        days=_days(rows),
    )


def _before(bill: Bill, months: int) -> str:
    return month_before(bill.period, months)


def _past(bill: Bill, known: Mapping[str, Bill], today: date) -> tuple[BillSummary, ...]:
    periods = (_before(bill, months) for months in range(1, PAST + 1))
    return tuple(summary_of(known[period], today) for period in periods if period in known)


def _days(rows: SheetRows) -> BillDays | None:
    if rows.quarters:
        point = meter_data.points_of(rows.meters, rows.quarters)[rows.bill.service_point_no]
        return BillDays(_by_quarters(rows.bill, point), _by_period(point))
    if rows.totals:
        return BillDays(_whole(rows.bill, {day.day: day for day in rows.totals}), {})
    return None


def _by_quarters(bill: BillRow, point: PointDays) -> tuple[DayTotal, ...]:
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


def _whole(bill: BillRow, found: Mapping[date, DayTotal]) -> tuple[DayTotal, ...]:
    return tuple(
        found.get(day) or DayTotal(day, None, 0, "M")
        for day in meter_data.days_between(bill.from_day, bill.to_day)
    )
