"""The running month on the home page: so far, at its end, and last year beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import charts, formats
from portal.charts import Axis, Table
from portal.usage.days import PeriodUse, split
from service import usage
from service.bills import month_before
from service.forecast import Forecast, forecasts
from service.meter_data import DayTotal
from service.usage import MonthUsage

ROWS = (5, 10, 15, 20, 25)
"""Days of the month that have a row in the table, beside today and the last."""


@dataclass(frozen=True)
class SoFar:
    """The month to the newest day. Costs and forecast are None where they are not known."""

    title: str
    wh: int
    export_wh: int
    days: int
    fen: int | None
    expected_wh: int | None
    low_fen: int | None
    high_fen: int | None
    chart: "SoFarChart | None"
    periods: list[PeriodUse]
    incomplete: list[DayTotal]
    as_of: date


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


def so_far(session: Session, user_id: int, account_no: str, today: date) -> SoFar | None:
    """The running month of an account; None where it has no data yet. Raises Forbidden."""
    period = f"{today:%Y-%m}"
    month = usage.month(session, user_id, account_no, period)
    known = [day for day in month.days if day.import_wh is not None]
    if not known:
        return None
    found = [each for each in forecasts(session, user_id, account_no) if each.period == period]
    forecast = _together(found)
    before = usage.month(session, user_id, account_no, month_before(period, 12))
    last = known[-1].day
    return SoFar(
        title=_("%(month)s到现在", month=formats.month(period)),
        wh=month.import_wh,
        export_wh=month.export_wh,
        days=len(known),
        fen=forecast.fen_so_far if forecast else None,
        expected_wh=forecast.wh if forecast and last.day < len(month.days) else None,
        low_fen=forecast.low_fen if forecast else None,
        high_fen=forecast.high_fen if forecast else None,
        chart=_chart(month, before, forecast, last) if last.day > 1 else None,
        periods=split(month.by_period),
        incomplete=[day for day in month.days if day.quality != "V" and day.day <= last],
        as_of=last,
    )


@dataclass(frozen=True)
class _Together:
    """The forecasts of an account's service points as one."""

    fen_so_far: int | None
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


def _chart(
    month: MonthUsage, before: MonthUsage, forecast: _Together | None, last: date
) -> SoFarChart:
    count = len(month.days)
    sums = _sums(month.days[: last.day])
    old = _sums(before.days[:count]) if before.known_days >= count - 1 else []
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
        key=_key(forecast, old, before.period),
        finding=_finding(sums, forecast, old, last),
        table=_table(month, sums, old, forecast),
    )


def _sums(days: Sequence[DayTotal]) -> list[int]:
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
