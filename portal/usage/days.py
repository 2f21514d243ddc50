"""A month's days as bars: the same chart on the bill and on the pages of use."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from portal import charts, formats
from portal.bills.lines import PERIODS
from portal.charts import Axis, Bar, Table
from portal.i18n import gettext as _
from service.meter_data import DayTotal

SERIES = {"deep": 0, "valley": 0, "flat": 1, "peak": 2, "sharp": 2, "total": 2}
"""The place of a period in a bar, from the bottom: night, flat, day."""

COLOURS = ("valley", "flat", "peak")
ORDER = ("sharp", "peak", "flat", "valley", "deep")


@dataclass(frozen=True)
class PeriodUse:
    """What a period of the day took; `percent` of all, `colour` is a token."""

    period: str
    name: str
    wh: int
    percent: int
    colour: str


@dataclass(frozen=True)
class DailyBars:
    """The chart of a month. `gaps` are where nothing is known, `partial` the
    columns that are estimated or not read in full."""

    scale: Axis
    bars: tuple[Bar, ...]
    colours: tuple[str, ...]
    key: tuple[tuple[str, str, str], ...]
    below: tuple[tuple[float, str, bool], ...]
    most: tuple[float, float, str] | None
    gaps: tuple[float, ...]
    width: float
    partial: frozenset[int]
    finding: str
    table: Table


@dataclass(frozen=True)
class MonthDays:
    """The days of a month, and Wh by day and period where the tariff asks for the hour."""

    period: str
    days: Sequence[DayTotal]
    periods: Mapping[date, Mapping[str, int]]

    @property
    def by_period(self) -> dict[str, int]:
        """The month's Wh in each period."""
        sums: Counter[str] = Counter()
        for periods in self.periods.values():
            sums.update(periods)
        return dict(sums)

    @property
    def known(self) -> list[DayTotal]:
        """The days with data."""
        return [day for day in self.days if day.import_wh is not None]

    @property
    def exports(self) -> bool:
        """Whether energy was fed into the grid."""
        return any(day.export_wh for day in self.days)


def daily_bars(month: MonthDays, today: date) -> DailyBars:
    """The days of a month as bars; where the tariff asks for the hour, parted by it."""
    totals = [day.import_wh or 0 for day in month.days]
    scale = charts.axis(max(totals, default=0))
    columns = [_parts(day, month.periods.get(day.day)) for day in month.days]
    known = month.known
    top = max(known, key=lambda day: day.import_wh or 0, default=None)
    count = len(month.days)
    return DailyBars(
        scale=scale,
        bars=tuple(charts.stacked(columns, scale)),
        colours=COLOURS if month.periods else ("peak",) * 3,
        key=_key(month),
        below=tuple(_below(month, today)),
        most=_most(top, scale, count) if top else None,
        gaps=tuple(
            charts.centre(at, count)
            for at, day in enumerate(month.days)
            if day.import_wh is None and known and day.day <= known[-1].day
        ),
        width=round(72 / count, 2),
        partial=frozenset(
            at
            for at, day in enumerate(month.days)
            if day.quality != "V" and day.import_wh is not None
        ),
        finding=_finding(month, known, top),
        table=_table(month, known[-1].day if known else None),
    )


def quality_words(day: DayTotal) -> str:
    """What a customer should know about the figures of a day."""
    if day.import_wh is None:
        return _("还没读到")
    return {"V": "", "E": _("有估算"), "M": _("没读全")}[day.quality]


def split(by_period: Mapping[str, int]) -> list[PeriodUse]:
    """The periods of the day with their shares; whole percents that add up to 100."""
    named = [(name, by_period[name]) for name in ORDER if by_period.get(name)]
    total = sum(wh for _name, wh in named)
    if not total:
        return []
    percents = _whole_percents([wh for _name, wh in named])
    return [
        PeriodUse(name, str(PERIODS[name]), wh, percent, COLOURS[SERIES[name]])
        for (name, wh), percent in zip(named, percents, strict=True)
    ]


def _whole_percents(parts: list[int]) -> list[int]:
    """Largest remainders get what rounding down has left."""
    total = sum(parts)
    floors = [100 * part // total for part in parts]
    order = sorted(range(len(parts)), key=lambda at: -(100 * parts[at] % total))
    for at in order[: 100 - sum(floors)]:
        floors[at] += 1
    return floors


def _parts(day: DayTotal, periods: Mapping[str, int] | None) -> tuple[int, int, int]:
    if not periods:
        return (0, 0, day.import_wh or 0)
    found = [0, 0, 0]
    for name, wh in periods.items():
        found[SERIES[name]] += wh
    return (found[0], found[1], found[2])


def _table(month: MonthDays, last: date | None) -> Table:
    """Every day up to the last one with data."""
    periods = [use.period for use in split(month.by_period)]
    heads = [_("日期"), *(str(PERIODS[period]) for period in periods), _("合计（度）")]
    heads += [_("送上电网（度）")] * month.exports + [_("说明")]
    return Table(
        tuple(heads),
        tuple(
            _row(day, month.periods.get(day.day, {}), periods, month.exports)
            for day in month.days
            if last is not None and day.day <= last
        ),
    )


def _row(
    day: DayTotal, found: Mapping[str, int], periods: list[str], exports: bool
) -> tuple[str, ...]:
    figures = [formats.kwh(found.get(period, 0), 1) for period in periods]
    total = "" if day.import_wh is None else formats.kwh(day.import_wh, 1)
    export = [formats.kwh(day.export_wh, 1)] if exports else []
    return (formats.day(day.day), *figures, total, *export, quality_words(day))


def _key(month: MonthDays) -> tuple[tuple[str, str, str], ...]:
    names: dict[str, list[str]] = {}
    for use in split(month.by_period):
        names.setdefault(use.colour, []).append(use.name)
    return tuple((colour, _("、").join(found), "") for colour, found in names.items())


def _below(month: MonthDays, today: date) -> list[tuple[float, str, bool]]:
    """Every seventh day, and today where it is in the month."""
    count = len(month.days)
    return [
        (
            charts.centre(at, count),
            _("今天") if day.day == today else _("%(day)s 日", day=day.day.day),
            day.day == today,
        )
        for at, day in enumerate(month.days)
        if day.day == today or (at % 7 == 0 and not 0 < abs((day.day - today).days) < 3)
    ]


def _most(top: DayTotal, scale: Axis, count: int) -> tuple[float, float, str]:
    at = top.day.day - 1
    wh = top.import_wh or 0
    return (charts.centre(at, count), scale.y(wh), formats.kwh(wh, 1 if wh < 1_000_000 else 0))


def _finding(month: MonthDays, known: list[DayTotal], top: DayTotal | None) -> str:
    if top is None:
        return _("%(month)s还没有数据", month=formats.full_month(month.period))
    return _(
        "%(month)s每天用电，平均 %(average)s，%(day)s最多，%(most)s",
        month=formats.full_month(month.period),
        average=formats.energy(sum(day.import_wh or 0 for day in known) // len(known), 1),
        day=formats.day(top.day),
        most=formats.energy(top.import_wh or 0, 1),
    )
