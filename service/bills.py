"""Bills as a customer sees them: the list, one bill with its lines, and the payments posted."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVarTuple

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session, defer

from rating import UnknownTariff, load_tariffs
from runtime import clock
from runtime.errors import NotFound
from service.access import Right, linked, visible_account
from service.models import Bill

Columns = TypeVarTuple("Columns")
Months = str | tuple[str, str]
"""A month "2026-10", or the first and the last of several."""


@dataclass(frozen=True)
class BillSummary:
    """A bill in a list. `state` is what its money alone says: due, overdue, paid, or cancelled
    (replaced by a corrected bill); a bill of nothing or less is paid."""

    bill_no: str
    account_no: str
    service_point_no: str
    period: str
    revision: int
    from_day: date
    to_day: date
    kwh: Decimal
    total_fen: int
    settled_fen: int
    due: date
    issued_at: datetime
    settled_at: datetime | None
    estimated: bool
    state: str

    @property
    def days(self) -> int:
        return (self.to_day - self.from_day).days + 1

    @property
    def outstanding_fen(self) -> int:
        """What is left to pay of the bill itself; a late charge is in `dues`."""
        return max(0, self.total_fen - self.settled_fen) if self.state != "cancelled" else 0


@dataclass(frozen=True)
class BillLine:
    """A line: `rate` is yuan per `unit`, or a fraction of `base_fen`; `explain` names the words."""

    code: str
    explain: str
    quantity: Decimal
    unit: str
    rate: Decimal
    amount_fen: int
    base_fen: int | None


@dataclass(frozen=True)
class MeterReading:
    """Dial readings in kWh (kvarh for the register `reactive`)."""

    meter_no: str
    register: str
    start: Decimal
    end: Decimal

    @property
    def difference(self) -> Decimal:
        return self.end - self.start


@dataclass(frozen=True)
class BillView:
    """A bill with all that stands on it.

    `tariff_name` is the tariff's own name by language (zh, en). `case` is the rating input
    (TARIFFS 9.1). `previous_no` and `last_year_no` are the bills it can be compared with.
    """

    summary: BillSummary
    tariff: str
    tariff_version: str
    tariff_name: dict[str, str]
    consumption_fen: int
    export_fen: int
    late_fen: int
    lines: tuple[BillLine, ...]
    readings: tuple[MeterReading, ...]
    case: dict[str, Any]
    previous_no: str | None
    last_year_no: str | None
    replaced_by: str | None


@dataclass(frozen=True)
class BillSum:
    """So many bills, and what they come to in fen and Wh."""

    count: int
    total_fen: int
    outstanding_fen: int
    wh: int


def bills_of(
    session: Session, user_id: int, account_no: str, *, limit: int = 100
) -> list[BillSummary]:
    """The account's bills that stand, the newest month first.

    Raises NotFound for a stranger, Forbidden for a role that does not see bills.
    """
    visible_account(session, user_id, account_no, needs=Right.SEE_BILLS)
    return list_bills(session, user_id, [account_no], limit=limit)


def list_bills(
    session: Session,
    user_id: int,
    account_nos: Collection[str],
    *,
    period: Months | None = None,
    limit: int,
    offset: int = 0,
) -> list[BillSummary]:
    """Bills that stand, of some months or of all, the newest month first.

    An account that is not the user's to see has no bills here.
    """
    query = _standing(select(Bill), user_id, account_nos, period)
    return _summaries(session, query.limit(limit).offset(offset))


def newest_bills(session: Session, user_id: int, account_nos: Collection[str]) -> list[BillSummary]:
    """The bills of the last month that each of the accounts was billed for, as `list_bills`."""
    last = func.max(Bill.period).over(partition_by=Bill.account_no).label("last")
    known = _standing(
        select(Bill.bill_no, Bill.period, last), user_id, account_nos, None
    ).subquery()
    numbers = select(known.c.bill_no).where(known.c.period == known.c.last)
    return _summaries(session, select(Bill).where(Bill.bill_no.in_(numbers)))


def _summaries(session: Session, query: Select[Bill]) -> list[BillSummary]:
    """The newest month first, without reading what lists do not show."""
    unread = (defer(column, raiseload=True) for column in (Bill.case, Bill.lines, Bill.readings))
    ordered = query.options(*unread).order_by(Bill.period.desc(), Bill.account_no, Bill.bill_no)
    today = clock.today()
    return [summary_of(bill, today) for bill in session.scalars(ordered)]


def months_billed(session: Session, user_id: int, account_nos: Collection[str]) -> list[str]:
    """The months of which there are bills, the newest first."""
    query = _standing(select(Bill.period), user_id, account_nos, None)
    return list(session.scalars(query.distinct().order_by(Bill.period.desc())))


def billed(
    session: Session, user_id: int, account_nos: Collection[str], period: Months
) -> set[tuple[str, str]]:
    """Account and month of every bill of some months."""
    query = _standing(select(Bill.account_no, Bill.period), user_id, account_nos, period)
    return {(account_no, month) for account_no, month in session.execute(query)}


def first_months(session: Session, user_id: int, account_nos: Collection[str]) -> dict[str, str]:
    """The month of the oldest bill of each account that has any."""
    query = _standing(select(Bill.account_no, func.min(Bill.period)), user_id, account_nos, None)
    rows = session.execute(query.group_by(Bill.account_no))
    return {str(number): str(month) for number, month in rows}


def sum_of_bills(
    session: Session, user_id: int, account_nos: Collection[str], period: Months
) -> BillSum:
    """What all bills of some months come to; without the late charges of today."""
    left = case((Bill.total_fen > Bill.settled_fen, Bill.total_fen - Bill.settled_fen), else_=0)
    sums = select(func.count(), func.sum(Bill.total_fen), func.sum(left), func.sum(Bill.wh))
    found = session.execute(_standing(sums.select_from(Bill), user_id, account_nos, period)).one()
    return BillSum(*(int(each or 0) for each in found))


def _standing(
    query: Select[*Columns], user_id: int, account_nos: Collection[str], period: Months | None
) -> Select[*Columns]:
    """The query, kept to valid bills of those of the accounts that the user may see."""
    bound = linked(query, Bill.account_no, user_id, Right.SEE_BILLS).where(
        Bill.account_no.in_(account_nos), Bill.status == "issued"
    )
    if period is None:
        return bound
    first, last = (period, period) if isinstance(period, str) else period
    return bound.where(Bill.period.between(first, last))


def bill(session: Session, user_id: int, bill_no: str) -> BillView:
    """One bill, also a cancelled one. Raises NotFound when it is not the user's to see."""
    return view_of(session, visible_bill(session, user_id, bill_no))


def visible_bill(session: Session, user_id: int, bill_no: str) -> Bill:
    """The bill's row, bound by the user's link. Raises NotFound."""
    query = linked(select(Bill), Bill.account_no, user_id, Right.SEE_BILLS)
    found: Bill | None = session.scalar(query.where(Bill.bill_no == bill_no))
    if found is None:
        raise NotFound("bill.not_found", bill_no=bill_no)
    return found


def view_of(session: Session, bill: Bill) -> BillView:
    """Everything about a bill the caller may see."""
    months = (month_before(bill.period), month_before(bill.period, 12), bill.period)
    rows = session.execute(
        select(Bill.period, Bill.bill_no).where(
            Bill.account_no == bill.account_no,
            Bill.service_point_no == bill.service_point_no,
            Bill.period.in_(months),
            Bill.status == "issued",
        )
    )
    return view(bill, dict(iter(rows)), clock.today())


def view(bill: Bill, standing: Mapping[str, str], today: date) -> BillView:
    """A bill as of a day; `standing` are the numbers of the place's valid bills by period."""
    live = standing.get(bill.period)
    return BillView(
        summary=summary_of(bill, today),
        tariff=bill.tariff,
        tariff_version=bill.tariff_version,
        tariff_name=tariff_name(bill.tariff, bill.period),
        consumption_fen=bill.consumption_fen,
        export_fen=bill.export_fen,
        late_fen=bill.total_fen - bill.consumption_fen - bill.export_fen,
        lines=tuple(_line(line) for line in bill.lines),
        readings=tuple(_reading(reading) for reading in bill.readings),
        case=bill.case,
        previous_no=standing.get(month_before(bill.period)),
        last_year_no=standing.get(month_before(bill.period, 12)),
        replaced_by=live if live != bill.bill_no else None,
    )


def summary_of(bill: Bill, today: date) -> BillSummary:
    """A bill without its lines."""
    return BillSummary(
        bill_no=bill.bill_no,
        account_no=bill.account_no,
        service_point_no=bill.service_point_no,
        period=bill.period,
        revision=bill.revision,
        from_day=bill.from_day,
        to_day=bill.to_day,
        kwh=Decimal(bill.wh).scaleb(-3),
        total_fen=bill.total_fen,
        settled_fen=bill.settled_fen,
        due=bill.due,
        issued_at=bill.issued_at,
        settled_at=bill.settled_at,
        estimated=bill.estimated,
        state=_state(bill, today),
    )


def tariff_name(tariff: str, period: str) -> dict[str, str]:
    """A tariff's name by language; its id where this installation does not know it."""
    try:
        name = load_tariffs().find(tariff, period).tariff.name
    except UnknownTariff:
        return {"zh": tariff, "en": tariff}
    return {"zh": name.zh, "en": name.en}


def month_before(period: str, months: int = 1) -> str:
    """The period so many months earlier, "2026-01" and 1 giving "2025-12"."""
    count = int(period[:4]) * 12 + int(period[5:]) - 1 - months
    return f"{count // 12:04d}-{count % 12 + 1:02d}"


def _state(bill: Bill, today: date) -> str:
    if bill.status == "cancelled":
        return "cancelled"
    if bill.settled_fen >= bill.total_fen:
        return "paid"
    return "overdue" if today > bill.due else "due"


def _line(line: dict[str, Any]) -> BillLine:
    return BillLine(
        code=line["code"],
        explain=line["explain"],
        quantity=Decimal(line["quantity"]),
        unit=line["unit"],
        rate=Decimal(line["rate"]),
        amount_fen=line["amount_fen"],
        base_fen=line.get("base_fen"),
    )


def _reading(reading: dict[str, Any]) -> MeterReading:
    start, end = (Decimal(reading[name]).scaleb(-3) for name in ("start_wh", "end_wh"))
    return MeterReading(reading["meter_no"], reading["register"], start, end)
