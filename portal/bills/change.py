"""Why a bill is not what it was, in words and as a row of steps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from portal import formats
from portal.bills.lines import PERIODS, TIERS
from portal.i18n import gettext as _
from portal.i18n import language
from service.bills import tariff_name
from service.explanation import Explanation
from service.substitution import Part

REASONS: dict[str, LazyString] = {
    "days.more": _l("天数多"),
    "days.less": _l("天数少"),
    "use.more": _l("每天用得多"),
    "use.less": _l("每天用得少"),
    "mix.more": _l("贵的时段用得多"),
    "mix.less": _l("便宜的时段用得多"),
    "tier.reached": _l("用到了%(tier)s"),
    "tier.more": _l("高价档里的电多"),
    "tier.less": _l("高价档里的电少"),
    "tier.reset": _l("新的一年从第一档算起"),
    "demand.more": _l("最大需量高"),
    "demand.less": _l("最大需量低"),
    "capacity.more": _l("变压器容量大"),
    "capacity.less": _l("变压器容量小"),
    "power_factor.more": _l("功率因数低"),
    "power_factor.less": _l("功率因数高"),
    "free_kwh.more": _l("免费电量少"),
    "free_kwh.less": _l("免费电量多"),
    "price.more": _l("电价涨了"),
    "price.less": _l("电价降了"),
    "tariff.more": _l("换了电价，贵一些"),
    "tariff.less": _l("换了电价，便宜一些"),
    "export.more": _l("光伏送上电网的电少"),
    "export.less": _l("光伏送上电网的电多"),
    "late.more": _l("多了违约金"),
    "late.less": _l("少了违约金"),
    "other.more": _l("更正以前的账，补收"),
    "other.less": _l("更正以前的账，退回"),
}
"""A clause for every reason that the service may give; a test compares."""


@dataclass(frozen=True)
class Step:
    """A part of the change, with its bar: `start` and `length` are percent of the scale."""

    title: str
    help: str
    amount_fen: int
    start: float
    length: float
    colour: str


@dataclass(frozen=True)
class Change:
    """The change in words: the title names it, the sentence says why, the steps add up."""

    title: str
    sentence: str
    before: Step
    steps: tuple[Step, ...]
    after: Step


def title(found: Explanation) -> str:
    """`比 10 月多 ¥82.47`."""
    figures = {
        "month": formats.month(found.against_period),
        "amount": formats.amount(abs(found.difference_fen)),
    }
    if found.headline == "same":
        return _("和 %(month)s一样多", **figures)
    if found.headline == "more":
        return _("比 %(month)s多 %(amount)s", **figures)
    return _("比 %(month)s少 %(amount)s", **figures)


def sentence(found: Explanation) -> str:
    """The one or two things that say most of it; nothing when the bill is the same."""
    said = [reason_words(part) for part in found.reasons]
    if len(said) > 1:
        return _("主要是%(first)s，还有%(second)s", first=said[0], second=said[1])
    return _("主要是%(first)s", first=said[0]) if said else ""


def change(found: Explanation, period: str) -> Change:
    """The change of the bill of a period, ready to be drawn."""
    total = found.against_total_fen + found.difference_fen
    reached = [found.against_total_fen]
    for part in found.parts:
        reached.append(reached[-1] + part.amount_fen)
    low, high = min(0, *reached), max(0, *reached)
    spread = (high - low) or 1

    def step(words: str, more: str, fen: int, start: int, colour: str) -> Step:
        left, right = sorted((start, start + fen))
        where, size = 100 * (left - low) / spread, 100 * (right - left) / spread
        return Step(words, more, fen, round(where, 2), round(size, 2), colour)

    return Change(
        title=title(found),
        sentence=sentence(found),
        before=step(formats.month(found.against_period), "", found.against_total_fen, 0, "flat"),
        steps=tuple(
            step(
                _begun(reason_words(part)),
                part_help(part, period),
                part.amount_fen,
                start,
                "peak" if part.amount_fen > 0 else "good",
            )
            for part, start in zip(found.parts, reached, strict=False)
        ),
        after=step(formats.month(period), "", total, 0, "valley"),
    )


def reason_words(part: Part) -> str:
    """The clause for a part: `用到了第二档`."""
    tier = part.params.get("tier")
    return str(REASONS[part.reason] % {"tier": TIERS.get(f"tier{tier}", "")})


def _begun(words: str) -> str:
    """A clause as it stands at the beginning of a line."""
    return words[:1].upper() + words[1:]


def part_help(part: Part, period: str) -> str:
    """The figures behind a part, before and now; nothing where there are none."""
    words = HELP.get(part.key)
    return words(part.params, period) if words else ""


def _days(given: Mapping[str, Any], _period: str) -> str:
    return _("%(before)s 天到 %(now)s 天", before=given["days_before"], now=given["days"])


def _use(given: Mapping[str, Any], _period: str) -> str:
    before, now = given["kwh_per_day_before"], given["kwh_per_day"]
    return _(
        "每天 %(before)s 到 %(now)s 度", before=formats.number(before), now=formats.number(now)
    )


def _mix(given: Mapping[str, Any], _period: str) -> str:
    if not given or given["percent"] == given["percent_before"]:
        return ""
    return _(
        "%(period)s占 %(before)s%% 到 %(now)s%%",
        period=str(PERIODS[given["period"]]),
        before=given["percent_before"],
        now=given["percent"],
    )


def _tier(given: Mapping[str, Any], _period: str) -> str:
    return _(
        "第一档以上 %(before)s到 %(now)s",
        before=formats.exact(given["kwh_above_before"]),
        now=formats.exact(given["kwh_above"]),
    )


def _demand(given: Mapping[str, Any], _period: str) -> str:
    return _(
        "%(before)s 到 %(now)s 千瓦",
        before=_figure(given["kw_before"]),
        now=_figure(given["kw"]),
    )


def _capacity(given: Mapping[str, Any], _period: str) -> str:
    return _(
        "%(before)s 到 %(now)s 千伏安",
        before=_figure(given["kva_before"]),
        now=_figure(given["kva"]),
    )


def _power_factor(given: Mapping[str, Any], _period: str) -> str:
    if given["pf"] is None or given["pf_before"] is None:
        return ""
    return _("%(before)s 到 %(now)s", before=given["pf_before"], now=given["pf"])


def _tariff(given: Mapping[str, Any], period: str) -> str:
    spoken = language()
    return _(
        "%(before)s换成%(now)s",
        before=tariff_name(given["tariff_before"], period)[spoken],
        now=tariff_name(given["tariff"], period)[spoken],
    )


def _export(given: Mapping[str, Any], _period: str) -> str:
    return _(
        "送上电网 %(before)s到 %(now)s",
        before=formats.exact(given["kwh_before"]),
        now=formats.exact(given["kwh"]),
    )


def _late(given: Mapping[str, Any], _period: str) -> str:
    return _(
        "%(before)s 到 %(now)s",
        before=formats.amount(given["fen_before"]),
        now=formats.amount(given["fen"]),
    )


def _figure(value: Decimal | None) -> str:
    return formats.number(value or Decimal(0))


HELP: dict[str, Callable[[Mapping[str, Any], str], str]] = {
    "days": _days,
    "use": _use,
    "mix": _mix,
    "tier": _tier,
    "demand": _demand,
    "capacity": _capacity,
    "power_factor": _power_factor,
    "tariff": _tariff,
    "export": _export,
    "late": _late,
}
