"""An outage in words: where, when, why, and how it stands. Pages and the assistant say the same."""

from datetime import datetime

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from portal import formats
from portal.i18n import gettext as _
from runtime import clock
from service.outages.finding import OutageView, Phase

SHOWN = 4
"""Places that a line names; the page of the outage has them all."""

ROUGHLY = 10
"""Households are told in tens; fewer are not told apart."""

REASONS: dict[str, LazyString] = {
    "maintenance": _l("计划检修"),
    "temporary_maintenance": _l("临时检修"),
    "upgrade": _l("线路改造"),
    "connection": _l("接电施工"),
    "fault": _l("线路故障"),
    "weather": _l("天气"),
    "damage": _l("外力破坏"),
    "customer_fault": _l("用户设备故障"),
    "shortage": _l("电力紧张，有序用电"),
}
"""Reasons that have a name of their own; for others there are the words of the utility."""

BADGES = {
    Phase.NOW: ("bad", _l("停电中")),
    Phase.COMING: ("due", _l("要停电")),
    Phase.OVER: ("good", _l("已来电")),
    Phase.CANCELLED: ("", _l("不停了")),
}
"""The colour and the word of a phase."""


def where(outage: OutageView, most: int | None = None) -> str:
    """The streets and estates; its areas when none are named."""
    named = outage.places or outage.areas
    shown = named[:most]
    words = _("、").join(shown)
    if len(shown) == len(named):
        return words
    return _("%(places)s 等 %(count)s 处", places=words, count=len(named))


def reason(outage: OutageView) -> str:
    """`计划检修`, or the utility's own words where the kind of reason has no name."""
    name = REASONS.get(outage.reason_code)
    return str(name) if name is not None else outage.reason or _("还不知道")


def whole_reason(outage: OutageView) -> str:
    """The kind of reason and the utility's own words for it, `计划检修，更换老旧电缆`."""
    name = reason(outage)
    own = outage.reason if outage.reason and outage.reason != name else ""
    return _("%(name)s，%(reason)s", name=name, reason=own) if own else name


def households(count: int) -> str:
    """How many are dark, as roughly as it is known: `约 1,240 户`, `不到 10 户`."""
    if count < ROUGHLY:
        return _("不到 %(count)s 户", count=ROUGHLY)
    step = ROUGHLY if count < 100 * ROUGHLY else 10 * ROUGHLY
    return _("约 %(count)s 户", count=f"{round(count / step) * step:,}")


def badge(outage: OutageView) -> tuple[str, str]:
    """The colour of the state and its word; what only the clock says is not called done."""
    if outage.phase is Phase.OVER and outage.by_plan:
        return "", _("按计划已来电")
    colour, word = BADGES[outage.phase]
    return colour, str(word)


def since(outage: OutageView) -> str:
    """`今天 16:20`."""
    return formats.moment(outage.starts_at)


def until(outage: OutageView) -> str | None:
    """When it ended or is expected to; only the hour when that is on the day it began."""
    end = _end(outage)
    return None if end is None else _short(end, outage.starts_at)


def span(outage: OutageView) -> str:
    """`12 月 14 日 09:00–11:30`; both days when it goes beyond one."""
    end = _end(outage)
    began = formats.moment(outage.starts_at)
    if end is None:
        return began
    if clock.civil_date(end) == clock.civil_date(outage.starts_at):
        return f"{began}–{formats.clock_time(end)}"
    return _("%(since)s 到 %(until)s", since=began, until=formats.moment(end))


def sentence(outage: OutageView) -> str:
    """How it stands, in one sentence with its times."""
    match outage.phase:
        case Phase.NOW:
            return _now(outage)
        case Phase.COMING:
            return _("%(span)s 停电。", span=span(outage))
        case Phase.CANCELLED:
            return _("原定 %(span)s 停电，不停了。", span=span(outage))
        case _:
            return _over(outage)


def _now(outage: OutageView) -> str:
    if outage.by_plan:
        return _("按计划 %(span)s 停电。", span=span(outage))
    end = until(outage)
    if end is None:
        return _("%(since)s 停电，什么时候来电还不知道。", since=since(outage))
    words = {"since": since(outage), "until": end}
    if outage.overdue:
        return _("%(since)s 停电，说好 %(until)s 来电，还没有来，还在修。", **words)
    return _("%(since)s 停电，预计 %(until)s 来电。", **words)


def _over(outage: OutageView) -> str:
    if outage.by_plan:
        return _("计划 %(span)s 停电，现在应该来电了。", span=span(outage))
    return _("%(since)s 停电，%(until)s 来电了。", since=since(outage), until=until(outage) or "")


def _end(outage: OutageView) -> datetime | None:
    if outage.phase is Phase.OVER and outage.ended_at is not None:
        return outage.ended_at
    return outage.expected_end_at


def _short(when: datetime, beside: datetime) -> str:
    if clock.civil_date(when) == clock.civil_date(beside):
        return formats.clock_time(when)
    return formats.moment(when)
