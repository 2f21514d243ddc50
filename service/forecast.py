"""The running month: so far, at its end, and the band in which it will very likely end.

Method. The last four weeks give a mean day, apart for working days and days of rest. Where the
same weeks and the rest of the month are known from last year, their ratio, kept between 0.7 and
1.4, says how the season turns. The remaining days are expected at that pace. The band is made to
hold four of five months: 1.28 standard deviations of two things, how days vary around their mean
(days that follow one another being alike, correlation 0.25) and how the mean itself drifts, 0.6
percent for each day ahead. Tried on ten months of 65 demo customers from the 5th to the 25th, it
held 74 to 86 of 100. Costs are what rating makes of those kWh, in the mix of periods of the last
four weeks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import hypot, sqrt
from statistics import fmean, pstdev

from sqlalchemy.orm import Session

from rating import CaseError, parse_case, rate
from service import meter_data
from service.access import Right, visible_account
from service.meter_data import DayTotal, PointDays, version_on
from service.models import Account
from service.standing import KWH_STEP, YEAR, Around, Standing, around, kwh_of

LEAST_DAYS = 7
"""With fewer days of history there is no forecast."""
LEAST_LAST_YEAR = 20
SEASON = (0.7, 1.4)
DEVIATIONS = 1.28
ALIKE = 0.25
DRIFT = 0.006


@dataclass(frozen=True)
class Forecast:
    """A service point's running month, with the band of its end. Amounts are fen.

    They are what the month's use costs, without export credit and late charge; None when the
    tariff is not known here, or asks for hours that the meter does not give.
    """

    service_point_no: str
    period: str
    as_of: date
    days_so_far: int
    days: int
    kwh_so_far: Decimal
    kwh: Decimal
    low_kwh: Decimal
    high_kwh: Decimal
    fen_so_far: int | None
    fen: int | None
    low_fen: int | None
    high_fen: int | None


def forecasts(
    session: Session, user_id: int, account_no: str, *, service_point_no: str | None = None
) -> list[Forecast]:
    """A forecast for each service point that has a week of data. Raises NotFound, Forbidden."""
    account = visible_account(session, user_id, account_no, needs=Right.SEE_USAGE)
    known = around(session, account_no, service_point_no)
    return forecasts_of(account, known.standings, recent_quarters(session, known))


def recent_quarters(session: Session, known: Around) -> dict[str, PointDays]:
    """The quarter-hours of the running month and of the last four weeks, by service point."""
    if known.as_of is None:
        return {}
    firsts = [day for at in known.standings for day in (at.first, at.recent_first)]
    first = min([known.as_of.replace(day=1), *firsts])
    return meter_data.quarters(session, known.meters, first, known.as_of)


def forecasts_of(
    account: Account, standings: Sequence[Standing], points: Mapping[str, PointDays]
) -> list[Forecast]:
    """The forecasts of service points that were read already, with their quarter-hours."""
    found = (_forecast(account, at, points.get(at.service_point_no)) for at in standings)
    return [forecast for forecast in found if forecast is not None]


def _forecast(account: Account, at: Standing, found: PointDays | None) -> Forecast | None:
    recent = [*at.totals(at.recent_first, at.as_of).values()]
    if len(recent) < LEAST_DAYS:
        return None
    end = meter_data.month_days(at.period)[1]
    rest = meter_data.days_between(max(at.first, at.as_of + timedelta(days=1)), end)
    expected, spread = _rest_wh(recent, rest)
    expected *= _season(at, rest)
    low, high = max(0.0, expected - spread), expected + spread
    costs = _Costs.of(account, at, found)
    totals = [at.since_wh + round(each) for each in (0, expected, low, high)]
    so_far, mean, least, most = (costs.fen(wh, at.since_wh) for wh in totals)
    return Forecast(
        service_point_no=at.service_point_no,
        period=at.period,
        as_of=at.as_of,
        days_so_far=at.days,
        days=at.days + len(rest),
        kwh_so_far=at.since_kwh,
        kwh=kwh_of(totals[1]),
        low_kwh=kwh_of(totals[2]),
        high_kwh=kwh_of(totals[3]),
        fen_so_far=so_far,
        fen=mean,
        low_fen=least,
        high_fen=most,
    )


def _rest_wh(recent: Sequence[DayTotal], rest: Sequence[date]) -> tuple[float, float]:
    """What the remaining days will use, and how far they may be off on either side."""
    use = {day.day: float(day.import_wh or 0) for day in recent}
    overall = fmean(use.values())
    mean = {
        kind: fmean(
            [wh for day, wh in use.items() if meter_data.day_type(day) == kind] or [overall]
        )
        for kind in ("working", "rest")
    }
    off = pstdev([wh - mean[meter_data.day_type(day)] for day, wh in use.items()])
    count = len(rest)
    expected = sum(mean[meter_data.day_type(day)] for day in rest)
    daily = off * sqrt(count * (1 + ALIKE * (count - 1)))
    return expected, DEVIATIONS * hypot(daily, expected * DRIFT * count)


def _season(at: Standing, rest: Sequence[date]) -> float:
    """How last year's rest of the month compared with the four weeks before it."""
    if not rest:
        return 1.0
    border = at.as_of - YEAR
    known = at.totals(at.recent_first - YEAR, rest[-1] - YEAR).values()
    before = [day.import_wh or 0 for day in known if day.day <= border]
    after = [day.import_wh or 0 for day in known if day.day >= rest[0] - YEAR]
    if len(before) < LEAST_LAST_YEAR or len(after) * 2 < len(rest) or not sum(before):
        return 1.0
    return min(max(fmean(after) / fmean(before), SEASON[0]), SEASON[1])


@dataclass(frozen=True)
class _Costs:
    """Rates a month's use as the core will; `mix` is Wh by period, so far and lately."""

    given: Mapping[str, object]
    registers: tuple[str, ...]
    so_far: Mapping[str, int]
    lately: Mapping[str, int]
    kvarh_per_kwh: Decimal | None

    @classmethod
    def of(cls, account: Account, at: Standing, found: PointDays | None) -> "_Costs":
        own = found and found.between(min(at.recent_first, at.first), at.as_of)
        version = version_on(at.tariff, at.first)
        return cls(
            given=_given(account, at, own),
            registers=version.terms.registers if version else (),
            so_far=_mix(own, at.first, at.as_of),
            lately=_mix(own, at.recent_first, at.as_of),
            kvarh_per_kwh=_reactive_share(own),
        )

    def fen(self, wh: int, so_far_wh: int) -> int | None:
        """What a month of `wh` costs, `so_far_wh` of them used; None when it cannot be rated."""
        kwh = self._kwh(wh, wh - so_far_wh)
        if kwh is None:
            return None
        given: dict[str, object] = {**self.given, "kwh": kwh}
        if self.kvarh_per_kwh is not None:
            given["kvarh"] = (kwh_of(wh) * self.kvarh_per_kwh).quantize(KWH_STEP)
        try:
            return rate(parse_case(given)).consumption_fen
        except CaseError:
            return None

    def _kwh(self, wh: int, rest_wh: int) -> dict[str, Decimal] | None:
        if self.registers == ("total",):
            return {"total": kwh_of(wh)}
        lately = sum(self.lately.values())
        if not self.registers or not lately:
            return None
        return {
            name: kwh_of(self.so_far.get(name, 0) + rest_wh * self.lately.get(name, 0) // lately)
            for name in self.registers
        }


def _given(account: Account, at: Standing, found: PointDays | None) -> dict[str, object]:
    """The rating input without energy, as the core makes it from account and service point."""
    given: dict[str, object] = {
        "tariff": at.tariff,
        "period": at.period,
        "opened": account.opened.isoformat(),
        "low_income": account.low_income,
        "year_to_date_kwh": at.before_kwh,
    }
    if account.people:
        given["household"] = {"people": account.people}
    if at.contract_kva:
        given["contract_kva"] = at.contract_kva
    if found is not None and found.days:
        given["max_demand_kw"] = kwh_of(int(found.import_wh.max()) * 4)
    return given


def _mix(found: PointDays | None, first: date, last: date) -> dict[str, int]:
    """Wh by period of the tariff over some days."""
    sums: dict[str, int] = {}
    if found is None:
        return sums
    days = found.between(first, last)
    for periods in meter_data.by_period(days.tariff, days.days, days.import_wh):
        for name, wh in periods.items():
            sums[name] = sums.get(name, 0) + wh
    return sums


def _reactive_share(found: PointDays | None) -> Decimal | None:
    """Reactive per active energy; None where none is measured."""
    reactive = int(found.reactive_varh.sum()) if found else 0
    active = int(found.import_wh.sum()) if found else 0
    return Decimal(reactive) / active if reactive and active else None
