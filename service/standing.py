"""Where a service point stands in the running month: what is billed, and what is used since.

Tiers and forecast both begin here, so that they tell the same story.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service import meter_data
from service.meter_data import MeterInPlace
from service.models import Bill, ServicePoint

KWH_STEP = Decimal("0.01")


@dataclass(frozen=True)
class Standing:
    """A service point as of the last day with data.

    `first` is the first day of the running month that no bill covers, and `since_wh` the use from
    there to `as_of`. `before_kwh` is the year's use before the running month: what its bills
    charged, and what was measured after the last of them.
    """

    service_point_no: str
    tariff: str
    contract_kva: int | None
    meters: tuple[MeterInPlace, ...]
    first: date
    as_of: date
    before_kwh: Decimal
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


def standings(
    session: Session, account_no: str, service_point_no: str | None = None
) -> list[Standing]:
    """The service points that have data; the caller has checked that the user may see them."""
    query = select(ServicePoint).where(ServicePoint.account_no == account_no)
    if service_point_no is not None:
        query = query.where(ServicePoint.service_point_no == service_point_no)
    meters = meter_data.meters_of(session, account_no, service_point_no)
    points = session.scalars(query.order_by(ServicePoint.service_point_no))
    found = (_standing(session, point, meters) for point in points)
    return [standing for standing in found if standing is not None]


def kwh_of(wh: int) -> Decimal:
    """Wh as the kWh that are billed, with two decimals."""
    return (Decimal(wh) / 1000).quantize(KWH_STEP, ROUND_HALF_UP)


def _standing(session: Session, point: ServicePoint, meters: list[MeterInPlace]) -> Standing | None:
    own = tuple(each for each in meters if each.service_point_no == point.service_point_no)
    as_of = meter_data.data_as_of(session, own) if own else None
    if as_of is None:
        return None
    unbilled = _unbilled_from(session, point.service_point_no)
    month = max(unbilled or as_of, as_of).replace(day=1)
    first, year = max(month, unbilled or month), date(month.year, 1, 1)
    early = max(unbilled or year, year)
    billed = _billed_kwh(session, point.service_point_no, year.year)
    return Standing(
        service_point_no=point.service_point_no,
        tariff=point.tariff,
        contract_kva=point.contract_kva,
        meters=own,
        first=first,
        as_of=as_of,
        before_kwh=billed + kwh_of(_used_wh(session, own, early, month - timedelta(days=1))),
        since_wh=_used_wh(session, own, first, as_of),
    )


def _used_wh(session: Session, meters: Sequence[MeterInPlace], first: date, last: date) -> int:
    if last < first:
        return 0
    days = meter_data.day_totals(session, meters, first, last).values()
    return sum(day.import_wh or 0 for day in days)


def _unbilled_from(session: Session, service_point_no: str) -> date | None:
    """The day after the last that a bill covers."""
    last = session.scalar(
        select(func.max(Bill.to_day)).where(
            Bill.service_point_no == service_point_no, Bill.status == "issued"
        )
    )
    return last + timedelta(days=1) if last else None


def _billed_kwh(session: Session, service_point_no: str, year: int) -> Decimal:
    """What the year's bills charged: the tier counter as the core keeps it (rule 7.2)."""
    wh = session.scalar(
        select(func.coalesce(func.sum(Bill.wh), 0)).where(
            Bill.service_point_no == service_point_no,
            Bill.status == "issued",
            Bill.period.like(f"{year}-%"),
        )
    )
    return kwh_of(int(wh or 0))
