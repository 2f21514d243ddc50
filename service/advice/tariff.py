"""Which of the tariffs that an account may choose would have cost least for its own use.

Each month that was billed is rated anew under each tariff, by the engine that made the bill and
from the bill's own case. Under the tariff of the bill the kWh are those of the bill; under another
one they are parted by the hours in which they were used, as the quarter-hours of the month tell.
Export and late charges are no part of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from rating import CaseError, Statement, TariffVersion, parse_case, rate
from rating.rules import round_fen
from service import meter_data
from service.access import Right, linked, visible_account
from service.bills import month_before
from service.meter_data import MeterInPlace, PointDays
from service.models import Bill, ServicePoint
from service.standing import kwh_of, service_points

MONTHS = 12
LEAST_MONTHS = 3
"""With fewer months there is no advice."""
ENOUGH_PERCENT = 80
"""A month is rated under other hours when so much of it was measured by quarter-hours."""

CHOICES = (
    ("zj-residential", "zj-residential-tou"),
    ("sh-residential", "sh-residential-tou"),
    ("gd-residential", "gd-residential-tou"),
    ("demo-industrial-2part-demand", "demo-industrial-2part-capacity"),
)
"""Tariffs between which a customer may choose: a home between one price a day and prices by the
hour (applied for, for twelve months), a works between the two forms of the basic charge (for three
months). All others are given by who the customer is (TARIFFS 1.6, 2.2)."""

OF_THE_BILL = ("tariff", "kwh", "export_kwh", "late")
"""Of a bill's case, what is not carried over to another tariff."""
BASIC_CHARGE = {
    "demo-industrial-2part-demand": "max_demand_kw",
    "demo-industrial-2part-capacity": "contract_kva",
}
"""What a case must name for the basic charge; without it a tariff would look too cheap."""


@dataclass(frozen=True)
class BilledMonth:
    """A bill's own rating input, and its quarter-hours, None where too few were measured."""

    case: Mapping[str, Any]
    use: PointDays | None

    @property
    def tariff(self) -> str:
        return str(self.case["tariff"])

    @property
    def period(self) -> str:
        return str(self.case["period"])


@dataclass(frozen=True)
class Supplied:
    """The tariffs of an account, each once, and what moves the limits of its tiers (rule 7.3)."""

    tariffs: tuple[str, ...]
    opened: date
    people: int


@dataclass(frozen=True)
class Option:
    """A tariff and what the months would have cost under it, in fen; `year_fen` for twelve."""

    tariff: str
    current: bool
    fen: int
    year_fen: int


@dataclass(frozen=True)
class TariffAdvice:
    """The tariffs to choose from, the cheapest first; of two alike the present one.

    `months` were rated; with too few there are no options. `choosable` says that there is a
    choice at all.
    """

    months: tuple[str, ...]
    options: tuple[Option, ...]
    choosable: bool

    @property
    def enough(self) -> bool:
        return len(self.months) >= LEAST_MONTHS

    @property
    def best(self) -> Option | None:
        return self.options[0] if self.options else None

    @property
    def present(self) -> Option | None:
        return next((each for each in self.options if each.current), None)


def tariff_advice(session: Session, user_id: int, account_no: str) -> TariffAdvice:
    """The advice for an account of one place of supply. Raises NotFound, Forbidden.

    An account with several has as many tariffs, and no choice to speak of here.
    """
    visible_account(session, user_id, account_no, needs=Right.SEE_USAGE)
    points = service_points(session, account_no)
    if len(points) != 1:
        return TariffAdvice((), (), choosable=False)
    bills = _bills(session, user_id, points[0])
    meters = meter_data.meters_of(session, account_no)
    return advise(points[0].tariff, _months(bills, _quarters(session, meters, bills)))


def present_tariffs(session: Session, user_id: int, account_no: str) -> Supplied:
    """The tariffs of an account's places of supply as they hold now. Raises NotFound."""
    account = visible_account(session, user_id, account_no, needs=Right.SEE_BILLS)
    names = dict.fromkeys(point.tariff for point in service_points(session, account_no))
    return Supplied(tuple(names), account.opened, account.people or 0)


def advise(present: str, months: Sequence[BilledMonth]) -> TariffAdvice:
    """The advice from months that were read already."""
    offered = choices(present)
    costs = {month.period: _costs(month, offered) for month in months}
    known = {period: found for period, found in costs.items() if found is not None}
    if len(known) < LEAST_MONTHS:
        return TariffAdvice(tuple(known), (), len(offered) > 1)
    options = []
    for tariff in offered:
        fen = sum(found[tariff] for found in known.values())
        options.append(Option(tariff, tariff == present, fen, yearly(fen, len(known))))
    options.sort(key=lambda each: (each.fen, not each.current, each.tariff))
    return TariffAdvice(tuple(known), tuple(options), len(offered) > 1)


def choices(present: str) -> tuple[str, ...]:
    """The tariffs that may be chosen by who has this one, itself included."""
    return next((family for family in CHOICES if present in family), (present,))


def yearly(fen: int, months: int) -> int:
    """What so many months cost, brought to twelve, half up."""
    return round_fen(Decimal(fen) * MONTHS / months)


def rated(month: BilledMonth, tariff: str) -> Statement | None:
    """The month under a tariff; None where its hours or its basic charge cannot be known."""
    version = meter_data.version_on(tariff, month.period)
    kwh = _kwh(month, tariff, version) if version else None
    if version is None or kwh is None:
        return None
    kept = {name: given for name, given in month.case.items() if name not in OF_THE_BILL}
    if version.terms.demand is not None and kept.get("max_demand_kw") is None:
        kept["max_demand_kw"] = _max_demand_kw(month)
    needed = BASIC_CHARGE.get(tariff)
    if needed and kept.get(needed) is None:
        return None
    try:
        return rate(parse_case({**kept, "tariff": tariff, "kwh": kwh}))
    except CaseError:
        return None


def parted(total: Decimal, parts: Mapping[str, int]) -> dict[str, Decimal]:
    """kWh to a hundredth shared as the `parts` are; they add up to the total, whatever it is.

    Largest remainders get what rounding down has left.
    """
    whole = sum(parts.values())
    hundredths = int(total * 100)
    if not whole:
        return {}
    floors = {name: hundredths * part // whole for name, part in parts.items()}
    by_rest = sorted(parts, key=lambda name: -(hundredths * parts[name] % whole))
    for name in by_rest[: hundredths - sum(floors.values())]:
        floors[name] += 1
    return {name: Decimal(count).scaleb(-2) for name, count in floors.items()}


def _costs(month: BilledMonth, tariffs: Iterable[str]) -> dict[str, int] | None:
    """What the month costs under each tariff; None when it cannot be rated under one of them."""
    found: dict[str, int] = {}
    for tariff in tariffs:
        statement = rated(month, tariff)
        if statement is None:
            return None
        found[tariff] = statement.consumption_fen
    return found


def _kwh(month: BilledMonth, tariff: str, version: TariffVersion) -> Mapping[str, object] | None:
    """The month's kWh in the registers of a tariff: those of the bill, where the hours agree."""
    billed: Mapping[str, object] = month.case["kwh"]
    own = meter_data.version_on(month.tariff, month.period)
    if tariff == month.tariff or (own and own.terms.hours == version.terms.hours):
        return billed
    total = sum((Decimal(str(kwh)) for kwh in billed.values()), Decimal(0))
    if version.terms.registers == ("total",):
        return {"total": total}
    if not total:
        return {version.terms.registers[0]: total}
    if month.use is None or not month.use.import_wh.any():
        return None
    sums: dict[str, int] = dict.fromkeys(version.terms.registers, 0)
    for periods in meter_data.by_period(tariff, month.use.days, month.use.import_wh):
        for name, wh in periods.items():
            sums[name] += wh
    return parted(total, sums)


def _max_demand_kw(month: BilledMonth) -> Decimal | None:
    """The highest average power of a quarter-hour, which a bill by capacity does not name."""
    if month.use is None or not month.use.import_wh.size:
        return None
    return kwh_of(int(month.use.import_wh.max()) * 4)


def _bills(session: Session, user_id: int, point: ServicePoint) -> list[Bill]:
    """The bills that stand of the last twelve months that were billed, the oldest first."""
    query = linked(select(Bill), Bill.account_no, user_id, Right.SEE_USAGE).where(
        Bill.service_point_no == point.service_point_no,
        Bill.account_no == point.account_no,
        Bill.status == "issued",
    )
    found = list(session.scalars(query.order_by(Bill.period.desc()).limit(MONTHS)))
    if not found:
        return []
    first = month_before(found[0].period, MONTHS - 1)
    return [bill for bill in reversed(found) if bill.period >= first]


def _quarters(
    session: Session, meters: Sequence[MeterInPlace], bills: Sequence[Bill]
) -> PointDays | None:
    if not bills:
        return None
    first, last = min(bill.from_day for bill in bills), max(bill.to_day for bill in bills)
    points = meter_data.quarters(session, meters, first, last)
    return points.get(bills[-1].service_point_no)


def _months(bills: Sequence[Bill], use: PointDays | None) -> list[BilledMonth]:
    return [BilledMonth(bill.case, _of_bill(bill, use)) for bill in bills]


def _of_bill(bill: Bill, use: PointDays | None) -> PointDays | None:
    """The quarter-hours of a bill's days, if enough of them were measured or estimated."""
    if use is None:
        return None
    own = use.between(bill.from_day, bill.to_day)
    days = (bill.to_day - bill.from_day).days + 1
    known = int((own.marks != 2).sum())
    return own if known * 100 >= ENOUGH_PERCENT * days * meter_data.QUARTERS else None
