"""Where an account could save, found in its own figures; each finding has the figure that says why.

Looked at are the last four weeks by quarter-hours, the same weeks a year before, the bills of the
last year, and the tier.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from statistics import median

from sqlalchemy.orm import Session

from rating.rules import round_fen
from service import meter_data, tiers
from service.access import Right, visible_account
from service.advice.between import UseBetween, between, by_period, year_before
from service.bills import BillSummary, list_bills
from service.meter_data import PointDays, Wh
from service.standing import RECENT_DAYS, Around, around
from service.tiers import TierStanding

LEAST_DAYS = 7
"""Days by quarter-hours that say something of the nights."""
NIGHT = slice(0, 24)
"""The quarter-hours from midnight to six."""
STANDBY_WATTS = 60
STANDBY_PERCENT = 25
"""What is never off is worth a word from so many watts and so much of all use on."""
PEAK_PERCENT = 55
MOVED_PERCENT = 20
"""The part of what is used at dear hours that can well be used at cheap ones."""
SEASON_TIMES = Decimal("1.5")
MORE_PERCENT = 10
HOURS_A_YEAR = 8760

MILD, HOT, COLD = (4, 5, 10, 11), (6, 7, 8, 9), (1, 2, 12)
"""Months in which a home is neither cooled nor heated, is cooled, is heated."""


@dataclass(frozen=True)
class Standby:
    """What is never off: the median over the nights of the least power of each."""

    watts: int
    year_wh: int
    percent: int


@dataclass(frozen=True)
class DearHours:
    """The share used at the dearest periods, and what moving a fifth of it saves in four weeks."""

    percent: int
    saved_fen: int


@dataclass(frozen=True)
class Season:
    """A season with much more use a day than the mild months; `hot` or cold."""

    hot: bool
    day_wh: int
    mild_day_wh: int


@dataclass(frozen=True)
class MoreThanLastYear:
    """More than in the same days a year before."""

    use: UseBetween
    percent: int


@dataclass(frozen=True)
class HigherTier:
    """A higher tier is reached, or will be before the count begins again."""

    standing: TierStanding


Finding = HigherTier | Standby | Season | DearHours | MoreThanLastYear


def findings(session: Session, user_id: int, account_no: str) -> list[Finding]:
    """What is worth saying of an account, first what counts most. Raises NotFound, Forbidden."""
    account = visible_account(session, user_id, account_no, needs=Right.SEE_USAGE)
    known = around(session, account_no)
    if known.as_of is None:
        return []
    first = known.as_of - timedelta(days=RECENT_DAYS - 1)
    points = meter_data.quarters(session, known.meters, first, known.as_of)
    bills = list_bills(session, user_id, [account_no], limit=12)
    found: list[Finding | None] = [
        higher_tier(tiers.tiers_of(account, known.standings)),
        standby(list(points.values())),
        season(bills),
        dear_hours(list(points.values())),
        more_than_last_year(_recent(known, first, known.as_of, points)),
    ]
    return [each for each in found if each is not None]


def higher_tier(standings: Sequence[TierStanding]) -> HigherTier | None:
    for each in standings:
        if each.position.tier > 1 or each.reached_on is not None:
            return HigherTier(each)
    return None


def standby(points: Sequence[PointDays]) -> Standby | None:
    """Of days that were measured wholly; nothing with less than a week of them."""
    nights: dict[date, Wh] = {}
    used = 0
    for point in points:
        for row, day in enumerate(point.days):
            if not point.marks[row].any():
                own = point.import_wh[row, NIGHT]
                nights[day] = nights[day] + own if day in nights else own
                used += int(point.import_wh[row].sum())
    if len(nights) < LEAST_DAYS or not used:
        return None
    watts = int(median(4 * int(night.min()) for night in nights.values()))
    percent = round(100 * watts * 24 * len(nights) / used)
    if watts < STANDBY_WATTS or percent < STANDBY_PERCENT:
        return None
    return Standby(watts, watts * HOURS_A_YEAR, percent)


def season(bills: Sequence[BillSummary]) -> Season | None:
    """The dearer of summer and winter, when it takes half as much again as the mild months."""
    mild = _day_wh(bills, MILD)
    if not mild:
        return None
    days = {True: _day_wh(bills, HOT), False: _day_wh(bills, COLD)}
    hot = (days[True] or 0) >= (days[False] or 0)
    wh = days[hot]
    if wh is None or wh < mild * SEASON_TIMES:
        return None
    return Season(hot, wh, mild)


def dear_hours(points: Sequence[PointDays]) -> DearHours | None:
    """Where the tariff asks for the hour."""
    used, dear, saved = 0, 0, Decimal(0)
    for point in points:
        sums = by_period({"": point})
        prices = _prices(point)
        used += sum(sums.values())
        own = sums.get("sharp", 0) + sums.get("peak", 0)
        dear += own
        if prices:
            gap = prices.get("peak", Decimal(0)) - min(prices.values())
            saved += gap * own * MOVED_PERCENT / 1000
    percent = round(100 * dear / used) if used else 0
    if percent < PEAK_PERCENT:
        return None
    return DearHours(percent, round_fen(saved))


def more_than_last_year(use: UseBetween) -> MoreThanLastYear | None:
    other = use.last_year
    if not other.import_wh:
        return None
    percent = round(100 * (other.own_wh - other.import_wh) / other.import_wh)
    return MoreThanLastYear(use, percent) if percent >= MORE_PERCENT else None


def _recent(known: Around, first: date, last: date, points: Mapping[str, PointDays]) -> UseBetween:
    """The last four weeks; those a year before are among what was read around the month."""
    totals = known.measured.totals
    return between(
        first,
        last,
        totals(known.meters, first, last),
        totals(known.meters, year_before(first), year_before(last)),
        by_period(points),
        last,
    )


def _prices(point: PointDays) -> dict[str, Decimal]:
    """Yuan per kWh of each period, in the first tier."""
    version = meter_data.version_on(point.tariff, point.days[-1])
    periods = version.terms.energy.periods if version else {}
    return {str(name): prices[0] for name, prices in periods.items()}


def _day_wh(bills: Sequence[BillSummary], months: Sequence[int]) -> int | None:
    """Wh a day over the bills of these months."""
    own = [bill for bill in bills if int(bill.period[5:]) in months]
    days = sum(bill.days for bill in own)
    return int(sum(bill.kwh for bill in own) * 1000 / days) if days else None
