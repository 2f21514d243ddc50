"""What the pages of use say, read once for each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import formats
from portal.bills import tier
from portal.bills.tier import TierGauge
from portal.usage.compared import month_compared, year_compared
from portal.usage.curve import DayCurve, day_curve
from portal.usage.days import DailyBars, MonthDays, PeriodUse, daily_bars, split
from portal.usage.months import HeatMap, MonthBars, heat_map, level_bounds, month_bars
from portal.usage.when import When
from runtime import clock
from service import tiers, usage
from service.meter_data import DayTotal
from service.people.links import LinkedAccount
from service.usage import DayUsage, MonthPower, MonthUsage, YearUsage


@dataclass(frozen=True)
class YearPage:
    """A year: its months beside last year's, every day, and the newest day by quarter-hours."""

    usage: YearUsage
    compared: str
    months: MonthBars
    heat: HeatMap | None
    latest: DayUsage | None
    curve: DayCurve | None
    gauges: tuple[TierGauge, ...]
    incomplete: int


@dataclass(frozen=True)
class CalendarDay:
    """A day of the month's calendar; `level` is its warmth from 0 to 4."""

    total: DayTotal
    level: int | None
    begun: bool
    today: bool


@dataclass(frozen=True)
class MonthPage:
    """A month by days, as bars and as a calendar; weeks begin on Monday."""

    usage: MonthUsage
    compared: tuple[str, ...]
    bars: DailyBars
    weeks: tuple[tuple[CalendarDay | None, ...], ...]
    bounds: str
    periods: list[PeriodUse]
    power: list[MonthPower]
    incomplete: list[DayTotal]


@dataclass(frozen=True)
class DayPage:
    """A day by quarter-hours; `curve` is None for meters that are read once a day."""

    usage: DayUsage
    curve: DayCurve | None
    periods: list[PeriodUse]
    quality: str


def read(
    session: Session, user_id: int, account: LinkedAccount, asked: When
) -> YearPage | MonthPage | DayPage:
    """The page of a year, month or day. Raises NotFound, Forbidden."""
    return READERS[asked.kind](session, user_id, account, asked)


def _year(session: Session, user_id: int, account: LinkedAccount, asked: When) -> YearPage:
    number = account.account_no
    found = usage.year(session, user_id, number, asked.first.year)
    running = asked.first.year == clock.today().year
    latest = usage.day(session, user_id, number, found.as_of) if running and found.as_of else None
    standings = tiers.tier_standings(session, user_id, number) if running else []
    return YearPage(
        usage=found,
        compared=year_compared(found),
        months=month_bars(found, f"{clock.today():%Y-%m}"),
        heat=heat_map(usage.calendar(session, user_id, number, asked.first.year)),
        latest=latest,
        curve=day_curve(latest) if latest and latest.quarters else None,
        gauges=tuple(tier.standing_gauge(each) for each in standings),
        incomplete=sum(month.estimated_days + month.missing_days for month in found.months),
    )


def _month(session: Session, user_id: int, account: LinkedAccount, asked: When) -> MonthPage:
    number = account.account_no
    found = usage.month(session, user_id, number, asked.period)
    calendar = usage.calendar(session, user_id, number, asked.first.year)
    levels = {day.day: level for day, level in calendar.days}
    days = MonthDays(found.period, found.days, found.periods)
    business = account.kind != "residential"
    last = max((day.day for day in days.known), default=asked.first)
    return MonthPage(
        usage=found,
        compared=month_compared(found),
        bars=daily_bars(days, clock.today()),
        weeks=_weeks(found.days, levels),
        bounds=level_bounds(calendar),
        periods=split(found.by_period),
        power=usage.power(session, user_id, number, asked.period) if business else [],
        incomplete=[day for day in found.days if day.quality != "V" and day.day <= last]
        if days.known
        else [],
    )


def _day(session: Session, user_id: int, account: LinkedAccount, asked: When) -> DayPage:
    found = usage.day(session, user_id, account.account_no, asked.first)
    return DayPage(
        usage=found,
        curve=day_curve(found) if found.quarters else None,
        periods=split(found.periods),
        quality=_hours(found.quality),
    )


def _weeks(
    days: Sequence[DayTotal], levels: dict[date, int | None]
) -> tuple[tuple[CalendarDay | None, ...], ...]:
    """The days in rows of seven; None before the first and after the last."""
    today = clock.today()
    cells: list[CalendarDay | None] = [None] * days[0].day.weekday()
    cells += [
        CalendarDay(day, levels.get(day.day), day.day <= today, day.day == today) for day in days
    ]
    cells += [None] * (-len(cells) % 7)
    return tuple(tuple(cells[at : at + 7]) for at in range(0, len(cells), 7))


def _hours(quality: str) -> str:
    """How much of a day is not measured: `有 2 小时是估算，读到真数就改`."""
    said = []
    if estimated := quality.count("E"):
        said.append(_("有 %(hours)s 小时是估算，读到真数就改。", hours=_of_quarters(estimated)))
    if missing := quality.count("M"):
        said.append(_("有 %(hours)s 小时还没读到。", hours=_of_quarters(missing)))
    return formats.joined(said)


def _of_quarters(count: int) -> str:
    return f"{count / 4:g}"


READERS: dict[
    str, Callable[[Session, int, LinkedAccount, When], YearPage | MonthPage | DayPage]
] = {"year": _year, "month": _month, "day": _day}
