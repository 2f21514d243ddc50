"""All that a bill is made from, for many service points at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ScalarSelect, and_, func, select
from sqlalchemy.orm import Session

from core.billing import late
from core.metering.usage import MonthUsage, month_days, month_usages
from core.models import Account, Bill, LateCharge, ServicePoint, TariffAssignment


@dataclass(frozen=True)
class History:
    """Earlier bills of a service point, in sums; energy in Wh.

    The carries were used but not billed. `recent` are the three months before, `last_year` is the
    same month a year ago, each with the days they cover (0 when there was none).
    """

    carried_wh: int = 0
    export_carried_wh: int = 0
    year_to_date_wh: int = 0
    recent_wh: int = 0
    recent_days: int = 0
    last_year_wh: int = 0
    last_year_days: int = 0


@dataclass(frozen=True)
class Billable:
    """A service point in a month: who pays, on which tariff, what was used and what came before."""

    point: ServicePoint
    account: Account
    tariff: str | None
    period: str
    usage: MonthUsage
    history: History
    late: LateCharge | None = None

    @property
    def from_day(self) -> date:
        """The first day of the month on which the account was open."""
        return max(self.usage.first, self.account.opened)

    @property
    def to_day(self) -> date:
        """The last day of the month on which the account was open."""
        return min(self.usage.last, self.account.closed or self.usage.last)

    @property
    def days(self) -> int:
        """Days that the bill covers."""
        return (self.to_day - self.from_day).days + 1


def gather(session: Session, point_ids: Sequence[int], period: str) -> list[Billable]:
    """What is to be billed at these service points, in their order."""
    usages = month_usages(session, point_ids, period)
    histories = _histories(session, point_ids, period)
    waiting = late.waiting(session, point_ids)
    rows = session.execute(
        select(ServicePoint, Account, _tariff_on(month_days(period)[0]))
        .join(Account, Account.id == ServicePoint.account_id)
        .where(ServicePoint.id.in_(point_ids))
        .order_by(ServicePoint.id)
    )
    return [
        Billable(
            point,
            account,
            tariff,
            period,
            usages[point.id],
            histories.get(point.id, History()),
            waiting.get(point.id),
        )
        for point, account, tariff in rows
    ]


def months_before(period: str, count: int) -> str:
    """The period so many months earlier: 1 before "2026-01" is "2025-12"."""
    year, month = divmod(int(period[:4]) * 12 + int(period[5:]) - 1 - count, 12)
    return f"{year:04d}-{month + 1:02d}"


def _tariff_on(first: date) -> ScalarSelect[Any]:
    """The tariff on the first day served in the month: a later change counts from the next."""
    served_from = func.greatest(first, Account.opened)
    return (
        select(TariffAssignment.tariff)
        .where(TariffAssignment.service_point_id == ServicePoint.id)
        .where(TariffAssignment.since <= served_from)
        .order_by(TariffAssignment.since.desc())
        .limit(1)
        .correlate(ServicePoint, Account)
        .scalar_subquery()
    )


def _histories(session: Session, point_ids: Sequence[int], period: str) -> dict[int, History]:
    """Sums over the live bills that the present account of each service point had."""
    other = Bill.period != period
    this_year = and_(Bill.period >= f"{period[:4]}-01", Bill.period < period)
    recent = and_(Bill.period >= months_before(period, 3), Bill.period < period)
    last_year = Bill.period == months_before(period, 12)
    days = Bill.to_day - Bill.from_day + 1
    sums = [
        func.sum(expression).filter(condition)
        for expression, condition in (
            (Bill.used_wh - Bill.wh, other),
            (Bill.export_used_wh - Bill.export_wh, other),
            (Bill.wh, this_year),
            (Bill.used_wh, recent),
            (days, recent),
            (Bill.used_wh, last_year),
            (days, last_year),
        )
    ]
    rows = session.execute(
        select(Bill.service_point_id, *sums)
        .join(
            ServicePoint,
            and_(
                ServicePoint.id == Bill.service_point_id,
                ServicePoint.account_id == Bill.account_id,
            ),
        )
        .where(Bill.service_point_id.in_(point_ids), Bill.status != "cancelled")
        .group_by(Bill.service_point_id)
    )
    return {point_id: History(*(int(each or 0) for each in sums)) for point_id, *sums in rows}


def days_of(usage: MonthUsage) -> list[date]:
    """The civil days of the month, in order."""
    count = (usage.last - usage.first).days + 1
    return [usage.first + timedelta(days=n) for n in range(count)]
