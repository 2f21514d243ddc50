"""What the lines of a bill are called, and how their quantities and prices are said."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from portal import formats
from portal.i18n import gettext as _
from rating import TariffVersion, UnknownTariff, load_tariffs, period_index
from rating.codes import CODES
from service.bills import BillLine, BillView

TIERS = {"tier1": _l("第一档"), "tier2": _l("第二档"), "tier3": _l("第三档")}
PERIODS = {
    "sharp": _l("尖峰段"),
    "peak": _l("峰段"),
    "flat": _l("平段"),
    "valley": _l("谷段"),
    "deep": _l("深谷段"),
}
NAMES: dict[str, LazyString] = {
    "demand": _l("基本电费，按最大需量"),
    "capacity": _l("基本电费，按变压器容量"),
    "energy": _l("电量电费"),
    "surcharge.tier2": _l("第二档加价"),
    "surcharge.tier3": _l("第三档加价"),
    "free_kwh": _l("免费电量"),
    "td": _l("输配电费"),
    "line_loss": _l("线损费"),
    "system_op": _l("系统运行费"),
    "fund": _l("政府性基金及附加"),
    "pf_adjustment": _l("功率因数调整"),
    "export_credit": _l("送上电网的电，抵电费"),
    "late_fee": _l("违约金"),
    "late_fee.cross_year": _l("违约金，跨年部分"),
}
HELP: dict[str, LazyString] = {
    "explain.demand": _l("一个月里最高的一刻钟"),
    "explain.demand.utilised": _l("变压器用得足，需量电价打九折"),
    "explain.capacity": _l("接在电网上的全部变压器"),
    "explain.free_kwh": _l("低保、特困每月免费"),
    "explain.td": _l("电网送电的费用"),
    "explain.line_loss": _l("电在路上的损耗"),
    "explain.system_op": _l("保持电网稳定的费用"),
    "explain.fund": _l("随电费代收，国家规定"),
    "explain.pf_adjustment.reward": _l("无功补偿做得好，减收"),
    "explain.pf_adjustment.penalty": _l("无功用得多，增收"),
    "explain.export_credit": _l("光伏发的、自家没用完的"),
    "explain.late_fee": _l("上一笔缴晚了，缴清后不再计算"),
    "explain.late_fee.cross_year": _l("上一笔跨了年，按年后的费率"),
}


PRICES = {
    "kwh": _l("每度 %(price)s 元"),
    "kw": _l("每千瓦 %(price)s 元"),
    "kva": _l("每千伏安 %(price)s 元"),
}


@dataclass(frozen=True)
class LineWords:
    """A line as it is read: name, help, quantity, price, and the amount in fen."""

    name: str
    help: str
    quantity: str
    price: str
    amount_fen: int


def words_of(bill: BillView) -> list[LineWords]:
    """The lines of a bill in words, in their order."""
    spans = _spans(bill)
    return [
        LineWords(name(line.code), _help(line, spans), quantity(line), price(line), line.amount_fen)
        for line in bill.lines
    ]


def name(code: str) -> str:
    """The name of a line by its code: `energy.tier2.peak` is "第二档峰段"."""
    if code in NAMES:
        return str(NAMES[code])
    parts = code.split(".")
    found = [str(TIERS.get(part) or PERIODS.get(part) or "") for part in parts[1:]]
    words = _(" ").join(part for part in found if part)
    return _("免费电量，%(period)s", period=words) if parts[0] == "free_kwh" else words


def quantity(line: BillLine) -> str:
    """How much of it: `178 度`, `312 千瓦`, `10 天`."""
    if line.unit == "kwh":
        return formats.exact(line.quantity)
    number = formats.number(line.quantity)
    if line.unit == "kw":
        return _("%(number)s 千瓦", number=number)
    if line.unit == "kva":
        return _("%(number)s 千伏安", number=number)
    if line.unit == "days":
        return _("%(number)s 天", number=number)
    return _("功率因数 %(number)s", number=f"{line.quantity:.2f}")


def price(line: BillLine) -> str:
    """What one of it costs, unrounded."""
    if line.unit in PRICES:
        return str(PRICES[line.unit] % {"price": formats.price(line.rate)})
    figures = {"base": formats.amount(line.base_fen or 0), "percent": _percent(line.rate)}
    if line.unit == "days":
        return _("%(base)s 每天 %(percent)s", **figures)
    return _("%(base)s 的 %(percent)s", **figures)


def known_codes() -> list[str]:
    """Every code that rating may give; each has a name."""
    return list(CODES)


def _percent(rate: Decimal) -> str:
    text = f"{rate * 100:f}".rstrip("0").rstrip(".")
    return f"{text}%".replace("-", formats.MINUS)


def _help(line: BillLine, spans: dict[str, str]) -> str:
    period = line.code.rpartition(".")[2]
    if line.code.startswith("energy.") and period in spans:
        return spans[period]
    found = HELP.get(line.explain)
    return str(found) if found is not None else ""


def _spans(bill: BillView) -> dict[str, str]:
    """When each period runs on a working day of the bill's month: `8:00–22:00`."""
    try:
        version = load_tariffs().find(bill.tariff, bill.summary.period)
    except UnknownTariff:
        return {}
    return period_spans(version, bill.summary.from_day)


def period_spans(version: TariffVersion, day: date) -> dict[str, str]:
    """Period to its hours on working days of that month, spans over midnight joined."""
    labels = period_index(version, day, "working")
    runs = [(label, len(list(run))) for label, run in groupby(labels)]
    spans: dict[str, list[tuple[int, int]]] = {}
    start = 0
    for label, length in runs:
        spans.setdefault(label, []).append((start, start + length))
        start += length
    return {label: _joined(found) for label, found in spans.items() if label != "total"}


def _joined(spans: list[tuple[int, int]]) -> str:
    if len(spans) > 1 and spans[0][0] == 0 and spans[-1][1] == 96:
        spans = [*spans[1:-1], (spans[-1][0], spans[0][1])]
    return _("、").join(f"{_hour(start)}–{_hour(end)}" for start, end in spans)


def _hour(quarter: int) -> str:
    return f"{quarter // 4}:{quarter % 4 * 15:02d}"
