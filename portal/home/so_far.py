"""The running month on the home page: so far, at its end, and last year beside it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from flask_babel import gettext as _

from portal import charts, formats
from portal.charts import Axis, Table
from portal.usage.compared import against_last_year
from portal.usage.days import PeriodUse, split
from service.bills import month_before
from service.forecast import Forecast
from service.meter_data import DayTotal
from service.running import RunningMonth
from service.usage import MonthUsage

ROWS = (5, 10, 15, 20, 25)
"""Days of the month that have a row in the table, beside today and the last."""


@dataclass(frozen=True)
class SoFar:
    """The month to the newest day. Costs and forecast are None where they are not known.

    `not_billed_fen` is what no bill has charged yet, an earlier month included, and `day_fen` the
    cost of a day as things go at present.
    """

    title: str
    wh: int
    export_wh: int
    days: int
    fen: int | None
    not_billed_fen: int | None
    day_fen: int | None
    expected_wh: int | None
    low_fen: int | None
    high_fen: int | None
    chart: "SoFarChart | None"
    periods: list[PeriodUse]
    compared: str
    incomplete: list[DayTotal]
    as_of: date

    def lasts_days(self, credit_fen: int) -> int | None:
        """How many days a credit lasts once it has paid for all that is used; None if unknown."""
        if self.not_billed_fen is None or not self.day_fen:
            return None
        return max(0, credit_fen - self.not_billed_fen) // self.day_fen


@dataclass(frozen=True)
class SoFarChart:
    """Sums from the first of the month: this year, expected with its band, last year."""

    scale: Axis
    this_year: str
    expected: str
    band: str
    last_year: str
    here: tuple[float, float]
    below: tuple[tuple[float, str, bool], ...]
    key: tuple[tuple[str, str, str], ...]
    finding: str
    table: Table


def so_far(running: RunningMonth) -> SoFar | None:
    """The running month of an account; None where it has no data yet."""
    month = running.use
    known = [day for day in month.days if day.import_wh is not None]
    if not known:
        return None
    found = [each for each in running.forecasts if each.period == month.period]
    forecast = _together(found)
    last = known[-1].day
    return SoFar(
        title=_("%(month)s到现在", month=formats.month(month.period)),
        wh=month.import_wh,
        export_wh=month.export_wh,
        days=len(known),
        fen=forecast.fen_so_far if forecast else None,
        not_billed_fen=_not_billed_fen(running, forecast),
        day_fen=_day_fen(forecast, len(known), len(month.days) - last.day),
        expected_wh=forecast.wh if forecast and last.day < len(month.days) else None,
        low_fen=forecast.low_fen if forecast else None,
        high_fen=forecast.high_fen if forecast else None,
        chart=_chart(running, forecast, last) if last.day > 1 else None,
        periods=split(month.by_period),
        compared=against_last_year(month),
        incomplete=[day for day in month.days if day.quality != "V" and day.day <= last],
        as_of=last,
    )


def _not_billed_fen(running: RunningMonth, forecast: "_Together | None") -> int | None:
    """The cost of this month, and at its price that of what was used before and is not billed."""
    if forecast is None or forecast.fen_so_far is None or not running.use.import_wh:
        return None
    used_wh = running.use.import_wh + running.pending_wh
    return forecast.fen_so_far * used_wh // running.use.import_wh


def _day_fen(forecast: "_Together | None", known_days: int, rest_days: int) -> int | None:
    """What a coming day of the month will cost; at its end, what a day of it has cost."""
    if forecast is None or forecast.fen is None or forecast.fen_so_far is None:
        return None
    if rest_days:
        return (forecast.fen - forecast.fen_so_far) // rest_days
    return forecast.fen_so_far // known_days


@dataclass(frozen=True)
class _Together:
    """The forecasts of an account's service points as one."""

    fen_so_far: int | None
    fen: int | None
    wh: int
    low_wh: int
    high_wh: int
    low_fen: int | None
    high_fen: int | None


def _together(found: Sequence[Forecast]) -> _Together | None:
    if not found:
        return None
    return _Together(
        fen_so_far=_sum([each.fen_so_far for each in found]),
        fen=_sum([each.fen for each in found]),
        wh=int(sum(each.kwh for each in found) * 1000),
        low_wh=int(sum(each.low_kwh for each in found) * 1000),
        high_wh=int(sum(each.high_kwh for each in found) * 1000),
        low_fen=_sum([each.low_fen for each in found]),
        high_fen=_sum([each.high_fen for each in found]),
    )


def _sum(parts: Sequence[int | None]) -> int | None:
    """Nothing is known of the whole when a part is not known."""
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def _chart(running: RunningMonth, forecast: _Together | None, last: date) -> SoFarChart:
    month, before = running.use, running.year_ago
    count = len(month.days)
    sums = _sums(month.days[: last.day])
    old = _sums(before[day] for day in sorted(before)) if len(before) >= count - 1 else []
    high = forecast.high_wh if forecast else 0
    scale = charts.axis(max([sums[-1], high, *old]), head=20, foot=32)
    most, at = scale.most, charts.position(last.day - 1, count)
    return SoFarChart(
        scale=scale,
        this_year=charts.line(sums, most, end=at),
        expected=charts.line([sums[-1], forecast.wh], most, start=at) if forecast else "",
        band=_band(sums[-1], forecast, most, at),
        last_year=charts.line(old, most) if old else "",
        here=(at, scale.y(sums[-1])),
        below=_below(at, last, count),
        key=_key(forecast, old, month_before(month.period, 12)),
        finding=_finding(sums, forecast, old, last),
        table=_table(month, sums, old, forecast),
    )


def _sums(days: Iterable[DayTotal]) -> list[int]:
    return list(accumulate(day.import_wh or 0 for day in days))


def _band(now: int, forecast: _Together | None, most: int, at: float) -> str:
    if forecast is None:
        return ""
    return charts.band([now, forecast.low_wh], [now, forecast.high_wh], most, start=at)


def _below(at: float, last: date, count: int) -> tuple[tuple[float, str, bool], ...]:
    marks = [(at, formats.day(last), True)]
    if at > 22:
        marks.insert(0, (0.0, _("%(day)s 日", day=1), False))
    if at < 78:
        marks.append((100.0, _("%(day)s 日", day=count), False))
    return tuple(marks)


def _key(
    forecast: _Together | None, old: Sequence[int], before: str
) -> tuple[tuple[str, str, str], ...]:
    found = [("peak", _("这个月"), "solid")]
    if forecast:
        found.append(("peak", _("预计"), "dotted"))
    if old:
        words = _(
            "%(month)s，共 %(use)s",
            month=formats.full_month(before),
            use=formats.energy(old[-1], 0),
        )
        found.append(("flat", words, "solid"))
    return tuple(found)


def _finding(
    sums: Sequence[int],
    forecast: _Together | None,
    old: Sequence[int],
    last: date,
) -> str:
    said = [
        _(
            "到 %(day)s用了 %(use)s",
            day=formats.day(last),
            use=formats.energy(sums[-1], 0),
        )
    ]
    if forecast:
        said.append(_("月底预计 %(use)s", use=formats.energy(forecast.wh, 0)))
    if old:
        said.append(_("去年这个月共 %(use)s", use=formats.energy(old[-1], 0)))
    return _("，").join(said)


def _table(
    month: MonthUsage, sums: Sequence[int], old: Sequence[int], forecast: _Together | None
) -> Table:
    last, count = len(sums), len(month.days)
    rows = []
    for day in sorted({*(row for row in ROWS if row < count), last, count}):
        if day <= last:
            name, wh = _("%(day)s 日", day=day), formats.kwh(sums[day - 1], 0)
        elif forecast and day == count:
            name, wh = _("%(day)s 日（预计）", day=day), formats.kwh(forecast.wh, 0)
        else:
            name, wh = _("%(day)s 日", day=day), ""
        rows.append((name, wh, formats.kwh(old[day - 1], 0) if len(old) >= day else ""))
    return Table((_("到哪天"), _("今年累计（度）"), _("去年累计（度）")), tuple(rows))
