"""What is said of an outage in the inbox: how it stood when the message was written."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import url_for

from notifications.outages import TIMES
from portal import formats
from portal.i18n import gettext as _
from portal.inbox.said import Said
from portal.outages import saying
from service.outages import finding
from service.outages.finding import OutageView, Phase
from service.outages.models import Outage

Known = dict[str, Outage]
SHOWN = 2
"""Places that a title names."""


def said(what: str, params: dict[str, Any], known: Known, at: datetime) -> Said:
    """A message of the kind `outage.<what>`. Raises KeyError for one that there is not."""
    now = as_told(known[params["outage_no"]], params["now"], at)
    before = as_told(known[params["outage_no"]], params.get("before", params["now"]), at)
    title, text = SAID[what](now, before)
    return Said(title, text, url_for("outages.show", outage_no=now.outage_no))


def as_told(row: Outage, times: dict[str, Any], at: datetime) -> OutageView:
    """The outage with the times that were told of it then."""
    told: dict[str, Any] = {name: _instant(times[name]) for name in TIMES[1:]}
    facts = {each.name: getattr(row, each.name) for each in Outage.__table__.columns}
    return finding.view(Outage(**facts | told | {"state": times["state"]}), at)


def _announced(now: OutageView, _before: OutageView) -> tuple[str, str]:
    reason = _("%(reason)s。", reason=saying.reason(now))
    title = _("停电了：%(where)s") if now.phase is Phase.NOW else _("要停电：%(where)s")
    return title % {"where": _where(now)}, formats.joined([saying.sentence(now), reason])


def _begun(now: OutageView, _before: OutageView) -> tuple[str, str]:
    return _("开始停电了：%(where)s", where=_where(now)), saying.sentence(now)


def _moved(now: OutageView, before: OutageView) -> tuple[str, str]:
    """A beginning that moved is another time; an end that moved is that alone."""
    was = _("原来是 %(span)s。", span=saying.span(before))
    if now.starts_at == before.starts_at:
        return _("来电的时间改了：%(where)s", where=_where(now)), saying.sentence(now)
    title = _("停电改了时间：%(where)s", where=_where(now))
    return title, formats.joined([saying.sentence(now), was])


def _over(now: OutageView, _before: OutageView) -> tuple[str, str]:
    text = formats.joined([saying.sentence(now), _("您家还没有来电，就报修。")])
    return _("来电了：%(where)s", where=_where(now)), text


def _called_off(now: OutageView, _before: OutageView) -> tuple[str, str]:
    return _("不停电了：%(where)s", where=_where(now)), saying.sentence(now)


def _spared(now: OutageView, _before: OutageView) -> tuple[str, str]:
    text = _("这次停电的范围改了，您那一片不在里面了。")
    return _("您那一片不停了：%(where)s", where=_where(now)), text


def _where(outage: OutageView) -> str:
    return saying.where(outage, SHOWN)


def _instant(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


SAID: dict[str, Callable[[OutageView, OutageView], tuple[str, str]]] = {
    "announced": _announced,
    "begun": _begun,
    "moved": _moved,
    "over": _over,
    "called_off": _called_off,
    "spared": _spared,
}
