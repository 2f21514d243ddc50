"""Where the service points of an account stand in the running month, read once for all who ask.

What is billed, and what is used since: tiers, forecast and the month so far all begin here, so
that they tell the same story.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service import meter_data
from service.meter_data import DayTotal, Measured, MeterInPlace, Span
from service.models import Bill, ServicePoint

KWH_STEP = Decimal("0.01")

RECENT_DAYS = 28
"""The use of so many days says how a household uses electricity at present."""

YEAR = timedelta(days=364)
"""A year of whole weeks, so that working days fall on working days."""

AROUND = timedelta(days=31)


@dataclass(frozen=True)
class Standing:
    """A service point as of the last day with data.

    `first` is the first day of the running month that no bill covers, and `since_wh` the use from
    there to `as_of`. `before_kwh` is the year's use before the running month: what its bills
    charged, and `pending_wh`, what was measured after the last of them.
    """

    service_point_no: str
    tariff: str
    contract_kva: int | None
    meters: tuple[MeterInPlace, ...]
    measured: Measured
    first: date
    as_of: date
    before_kwh: Decimal
    pending_wh: int
    since_wh: int

    @property
    def period(self) -> str:
        """The month that the next bill is for."""
        return f"{self.first:%Y-%m}"

    @property
    def since_kwh(self) -> Decimal:
        return kwh_of(self.since_wh)

    @property
    def days(self) -> int:
        """Days from `first` to `as_of`; 0 when the month has no data yet."""
        return max(0, (self.as_of - self.first).days + 1)

    @property
    def recent_first(self) -> date:
        """The first of the last four weeks."""
        return self.as_of - timedelta(days=RECENT_DAYS - 1)

    def totals(self, first: date, last: date) -> dict[date, DayTotal]:
        """The known days of the running month and the one before it, and of a year ago."""
        return self.measured.totals(self.meters, first, last)


@dataclass(frozen=True)
class Around:
    """An account's meters, their days around the running month and a year ago, and what they say.

    `as_of` is the last day with data, None without any; service points without data have no
    standing.
    """

    meters: list[MeterInPlace]
    measured: Measured
    as_of: date | None
    standings: list[Standing]


def around(
    session: Session,
    account_no: str,
    service_point_no: str | None = None,
    *,
    month: date | None = None,
) -> Around:
    """What is known around the newest day and the month of a day; the caller has checked who asks.

    It is read from the first of the month before, and a year ago for a month on either side.
    """
    meters = meter_data.meters_of(session, account_no, service_point_no)
    newest = meter_data.newest_days(session, meters)
    as_of = max(newest.values(), default=None)
    if as_of is None:
        return Around(meters, Measured({}), None, [])
    points = service_points(session, account_no, service_point_no)
    billed = _billed(session, [point.service_point_no for point in points])
    starts = [
        _start(point, _of(point, meters), newest, billed.get(point.service_point_no, _Billed()))
        for point in points
        if any(meter.meter_no in newest for meter in _of(point, meters))
    ]
    measured = meter_data.measured(session, meters, *_spans(starts, as_of, month or as_of))
    return Around(meters, measured, as_of, [start.standing(measured) for start in starts])


def standings(
    session: Session, account_no: str, service_point_no: str | None = None
) -> list[Standing]:
    """The service points that have data; the caller has checked that the user may see them."""
    return around(session, account_no, service_point_no).standings


def service_points(
    session: Session, account_no: str, service_point_no: str | None = None
) -> list[ServicePoint]:
    """An account's places of supply, or the one that is named."""
    query = select(ServicePoint).where(ServicePoint.account_no == account_no)
    if service_point_no is not None:
        query = query.where(ServicePoint.service_point_no == service_point_no)
    return list(session.scalars(query.order_by(ServicePoint.service_point_no)))


def kwh_of(wh: int) -> Decimal:
    """Wh as the kWh that are billed, with two decimals."""
    return (Decimal(wh) / 1000).quantize(KWH_STEP, ROUND_HALF_UP)


@dataclass(frozen=True)
class _Billed:
    """What the bills of a service point cover: until when, and the Wh of each year."""

    until: date | None = None
    wh: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Start:
    """A service point before its days are read; from `early` on no bill of the year covers them."""

    point: ServicePoint
    meters: tuple[MeterInPlace, ...]
    as_of: date
    first: date
    early: date
    billed_wh: int

    def standing(self, measured: Measured) -> Standing:
        month = self.first.replace(day=1)
        pending = _wh(measured, self.meters, self.early, month - timedelta(days=1))
        return Standing(
            service_point_no=self.point.service_point_no,
            tariff=self.point.tariff,
            contract_kva=self.point.contract_kva,
            meters=self.meters,
            measured=measured,
            first=self.first,
            as_of=self.as_of,
            before_kwh=kwh_of(self.billed_wh) + kwh_of(pending),
            pending_wh=pending,
            since_wh=_wh(measured, self.meters, self.first, self.as_of),
        )


def _start(
    point: ServicePoint,
    meters: tuple[MeterInPlace, ...],
    newest: Mapping[str, date],
    billed: _Billed,
) -> _Start:
    as_of = max(newest[meter.meter_no] for meter in meters if meter.meter_no in newest)
    unbilled = billed.until + timedelta(days=1) if billed.until else None
    month = max(unbilled or as_of, as_of).replace(day=1)
    year = date(month.year, 1, 1)
    return _Start(
        point=point,
        meters=meters,
        as_of=as_of,
        first=max(month, unbilled or month),
        early=max(unbilled or year, year),
        billed_wh=billed.wh.get(f"{month.year}", 0),
    )


def _spans(starts: Sequence[_Start], as_of: date, month: date) -> tuple[Span, Span]:
    """From what is not billed, and the month before, to the newest day; and the same a year ago."""
    first = min(as_of, month).replace(day=1) - timedelta(days=1)
    begin = min(first.replace(day=1), *(start.early for start in starts))
    year_ago = as_of - YEAR
    return (begin, max(as_of, month)), (year_ago - AROUND, year_ago + AROUND)


def _wh(measured: Measured, meters: Sequence[MeterInPlace], first: date, last: date) -> int:
    return sum(day.import_wh or 0 for day in measured.totals(meters, first, last).values())


def _of(point: ServicePoint, meters: Sequence[MeterInPlace]) -> tuple[MeterInPlace, ...]:
    return tuple(each for each in meters if each.service_point_no == point.service_point_no)


def _billed(session: Session, numbers: Sequence[str]) -> dict[str, _Billed]:
    """What the bills that stand charged: the tier counter as the core keeps it (rule 7.2)."""
    year = func.left(Bill.period, 4)
    rows = session.execute(
        select(Bill.service_point_no, year, func.max(Bill.to_day), func.sum(Bill.wh))
        .where(Bill.service_point_no.in_(numbers), Bill.status == "issued")
        .group_by(Bill.service_point_no, year)
    )
    by_point: dict[str, list[tuple[str, date, int]]] = {}
    for number, of, until, wh in rows:
        by_point.setdefault(number, []).append((of, until, int(wh)))
    return {
        number: _Billed(
            until=max(until for _year, until, _wh in years),
            wh={of: wh for of, _until, wh in years},
        )
        for number, years in by_point.items()
    }
