"""Scores and their reasons in words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

BANDS = {
    "high": (_l("很可能晚"), "bad"),
    "middle": (_l("可能晚"), "due"),
    "low": (_l("多半按时"), "good"),
}
"""The words of a band, and the state of its badge."""

METHODS = {
    "logistic": _l("逻辑回归：每样事加一点或减一点，加起来就是可能性。"),
    "counted": _l("数数：这一户最近晚缴的占几成，账单少的往全体的比例靠。"),
}

Figures = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """A sentence; `raises` says whether it makes being late likelier, None where it only tells."""

    text: str
    raises: bool | None


def sentences(reasons: Sequence[Figures]) -> list[Said]:
    """The reasons in words, the weightiest first."""
    return [Said(_WORDS[each["code"]](each), _raises(each)) for each in reasons]


def percent(share: float) -> str:
    """0.034 -> `3.4%`; from a tenth on whole ones, 0.516 -> `52%`."""
    return f"{100 * share:.0f}%" if share >= 0.1 else f"{100 * share:.1f}%"


def _raises(figures: Figures) -> bool | None:
    return figures["weight"] > 0 if figures.get("weight") else None


def _history(figures: Figures) -> str:
    bills, late = figures["bills"], figures["late"]
    if not bills:
        return _("还没有到过期的账单，按全体的比例估。")
    if not late:
        return ngettext("最近 %(num)s 张账单按时缴了。", "最近 %(num)s 张账单都按时缴了。", bills)
    return _(
        "最近 %(bills)s 张账单里有 %(late)s 张晚缴，平均晚 %(days)s 天。",
        bills=bills,
        late=late,
        days=figures["days"],
    )


def _unpaid(figures: Figures) -> str:
    return ngettext(
        "有 %(num)s 张账单过了期还没缴。", "有 %(num)s 张账单过了期还没缴。", figures["count"]
    )


def _margin(figures: Figures) -> str:
    days = figures["days"]
    if not days:
        return _("按时缴的，一般最后一天才缴。")
    return ngettext("按时缴的，一般提前 %(num)s 天。", "按时缴的，一般提前 %(num)s 天。", days)


def _reversals(figures: Figures) -> str:
    return ngettext(
        "一年里有 %(num)s 笔付款退了回去。", "一年里有 %(num)s 笔付款退了回去。", figures["count"]
    )


def _debit(figures: Figures) -> str:
    return _("由银行代扣的占 %(share)s%%。", share=figures["percent"])


def _use_year(figures: Figures) -> str:
    share = _change(figures)
    if figures["percent"] > 0:
        return _("这张账单比去年同月多用 %(share)s。", share=share)
    return _("这张账单比去年同月少用 %(share)s。", share=share)


def _use_lately(figures: Figures) -> str:
    share = _change(figures)
    if figures["percent"] > 0:
        return _("这张账单比前三个月平均多用 %(share)s。", share=share)
    return _("这张账单比前三个月平均少用 %(share)s。", share=share)


def _change(figures: Figures) -> str:
    """A share; one beyond what is told apart says so."""
    share = f"{abs(figures['percent'])}%"
    return _("%(share)s以上", share=share) if figures.get("beyond") else share


def _season(figures: Figures) -> str:
    more = figures["weight"] > 0
    if figures["season"] == "summer":
        return _("夏天的账单，晚缴的多一些。") if more else _("夏天的账单，晚缴的少一些。")
    return _("冬天的账单，晚缴的多一些。") if more else _("冬天的账单，晚缴的少一些。")


_WORDS: dict[str, Callable[[Figures], str]] = {
    "history": _history,
    "unpaid": _unpaid,
    "margin": _margin,
    "reversals": _reversals,
    "debit": _debit,
    "use_year": _use_year,
    "use_lately": _use_lately,
    "season": _season,
}
