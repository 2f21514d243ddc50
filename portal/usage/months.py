"""Twelve months beside the twelve of the year before, and every day of a year as a heat map."""

from dataclasses import dataclass, replace

from flask_babel import gettext as _

from portal import charts, formats
from portal.charts import Axis, Bar, Cell, Table
from service.usage import Calendar, MonthTotal, YearUsage


@dataclass(frozen=True)
class MonthBars:
    """The chart of a year's months; colours by series: last year, this year, the running month."""

    scale: Axis
    bars: tuple[Bar, ...]
    colours: tuple[str, ...]
    below: tuple[tuple[float, str, bool], ...]
    key: tuple[tuple[str, str, str], ...]
    finding: str
    table: Table


@dataclass(frozen=True)
class HeatMap:
    """A year's days by level; `bounds` are in words where a darker level begins."""

    height: int
    rows: tuple[tuple[str, float, tuple[Cell, ...]], ...]
    below: tuple[tuple[float, str], ...]
    bounds: str
    finding: str
    table: Table


def month_bars(year: YearUsage, running: str) -> MonthBars:
    """The months of a year; `running` is the month that is not over ("2026-11"), if any."""
    pairs = list(zip(year.last_year, year.months, strict=True))
    known = [month.import_wh or 0 for pair in pairs for month in pair]
    scale = charts.axis(max(known), height=210, head=20, foot=30)
    before = any(month.import_wh for month in year.last_year)
    columns = [(old.import_wh, new.import_wh) if before else (new.import_wh,) for old, new in pairs]
    bars = [
        replace(bar, series=2) if _is_running(bar, year, running, before) else bar
        for bar in charts.side_by_side(columns, scale)
    ]
    return MonthBars(
        scale=scale,
        bars=tuple(bars),
        colours=("flat", "valley", "peak") if before else ("valley", "valley", "peak"),
        below=tuple(
            (charts.centre(at, 12), str(at + 1), month.period == running)
            for at, month in enumerate(year.months)
        ),
        key=_key(year, running, before),
        finding=_finding(year),
        table=_table(year, before),
    )


def heat_map(calendar: Calendar) -> HeatMap | None:
    """The calendar of a year; None without any data."""
    known = [day for day, level in calendar.days if level is not None]
    if not known:
        return None
    months: list[list[int | None]] = [[] for _month in range(12)]
    for day, level in calendar.days:
        months[day.day.month - 1].append(level)
    rows = charts.heat_year(months)
    top = max(known, key=lambda day: day.import_wh or 0)
    return HeatMap(
        height=12 * charts.HEAT_PITCH + 22,
        rows=tuple(
            (formats.short_month(at + 1), at * charts.HEAT_PITCH + 13, tuple(row))
            for at, row in enumerate(rows)
        ),
        below=tuple((charts.centre(day - 1, 31), str(day)) for day in (1, 10, 20, 31)),
        bounds=level_bounds(calendar),
        finding=_(
            "%(year)s 年每天的用电，%(day)s最多，%(most)s",
            year=calendar.year,
            day=formats.day(top.day),
            most=formats.energy(top.import_wh or 0, 1),
        ),
        table=_heat_table(calendar),
    )


def level_bounds(calendar: Calendar) -> str:
    """Where a darker level begins, in kWh; nothing where the days are too much alike."""
    digits = 0 if max(calendar.bounds_wh, default=0) >= 1_000_000 else 1
    said = [formats.kwh(bound, digits) for bound in calendar.bounds_wh]
    return " / ".join(said) if len(set(said)) == len(said) else ""


def _is_running(bar: Bar, year: YearUsage, running: str, before: bool) -> bool:
    """Whether a bar is this year's of the month that is not over."""
    return bar.series == int(before) and year.months[bar.column].period == running


def _key(year: YearUsage, running: str, before: bool) -> tuple[tuple[str, str, str], ...]:
    found = [("valley", str(year.year), "")]
    if any(month.period == running and month.import_wh for month in year.months):
        found.append(("peak", _("这个月还没完"), ""))
    if before:
        found.append(("flat", str(year.year - 1), ""))
    return tuple(found)


def _finding(year: YearUsage) -> str:
    known = [month for month in year.months if month.import_wh is not None]
    if not known:
        return _("%(year)s 年还没有数据", year=year.year)
    top = max(known, key=lambda month: month.import_wh or 0)
    return _(
        "%(year)s 年每个月的用电，%(month)s最多，%(most)s",
        year=year.year,
        month=formats.full_month(top.period),
        most=formats.energy(top.import_wh or 0, 0),
    )


def _table(year: YearUsage, before: bool) -> Table:
    exports = bool(year.export_wh)
    heads = [_("月份"), _("%(year)s（度）", year=year.year)]
    heads += [_("%(year)s（度）", year=year.year - 1)] * before
    heads += [_("送上电网（度）")] * exports + [_("说明")]
    rows = []
    for old, new in zip(year.last_year, year.months, strict=True):
        row = [formats.short_month(int(new.period[5:])), _figure(new.import_wh)]
        row += [_figure(old.import_wh)] * before
        row += [formats.kwh(new.export_wh, 0)] * exports
        rows.append((*row, _quality(new)))
    return Table(tuple(heads), tuple(rows))


def _heat_table(calendar: Calendar) -> Table:
    rows = []
    for month in range(1, 13):
        found = [
            day.import_wh
            for day, _level in calendar.days
            if day.day.month == month and day.import_wh is not None
        ]
        if found:
            figures = (min(found), sum(found) // len(found), max(found))
            rows.append((formats.short_month(month), *(formats.kwh(wh, 1) for wh in figures)))
    heads = (_("月份"), _("最少一天（度）"), _("平均一天"), _("最多一天"))
    return Table(heads, tuple(rows))


def _figure(wh: int | None) -> str:
    return "" if wh is None else formats.kwh(wh, 0)


def _quality(month: MonthTotal) -> str:
    parts = []
    if month.estimated_days:
        parts.append(_("%(count)s 天有估算", count=month.estimated_days))
    if month.missing_days:
        parts.append(_("%(count)s 天没读全", count=month.missing_days))
    return _("，").join(parts)
