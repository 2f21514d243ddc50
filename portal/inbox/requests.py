"""What is said of a request in the inbox, of its customer and of the desk."""

from collections.abc import Callable
from typing import Any

from flask import url_for

from portal import formats
from portal.current import visitor
from portal.i18n import gettext as _
from portal.inbox.said import Said, instant
from portal.requests import saying
from portal.settings import current_settings
from portal.staff.frame import rooms
from service.requests.kinds import kind

Params = dict[str, Any]
ENDS = "\u3002\uff0e.\uff1b; "
"""What a sentence ends with by itself: quoted, it has the full stop of the sentence around it."""


def said(what: str, params: Params) -> Said:
    """A message of the kind `request.<what>`. Raises KeyError for one that there is not."""
    title, text = SAID[what](params)
    return Said(title, text, url_for("requests.show", request_no=params["request_no"]))


def said_at_desk(what: str, params: Params) -> Said:
    """A message of the kind `desk.<what>`. Raises KeyError for one that there is not."""
    title, text = AT_DESK[what](params)
    return Said(title, text, _work_address(params["request_no"]))


def _work_address(request_no: str) -> str:
    """Where the reader works on a request: at the desk, in the field, or by now nowhere."""
    person = visitor()
    open_rooms = {each.blueprint for each in rooms(person.staff_role if person else None)}
    for room, page in (("desk_requests", "desk_requests.show"), ("field", "field.job")):
        if room in open_rooms:
            return url_for(page, request_no=request_no)
    return url_for("inbox.index")


def _opened(params: Params) -> tuple[str, str]:
    promised = instant(params, "promised_at")
    assert promised is not None  # noqa: S101 - every request has a promise
    text = _(
        "受理号 %(number)s。%(promise)s。",
        number=params["request_no"],
        promise=saying.promise_of(kind(params["request_kind"]), promised),
    )
    return _("收到了：%(kind)s", kind=_name(params)), text


def _moved(params: Params) -> tuple[str, str]:
    step = kind(params["request_kind"]).step(params["step"])
    title = _("%(kind)s：%(step)s", kind=_name(params), step=saying.said(step.title))
    told = saying.said(step.tell) if step.tell else ""
    return title, formats.joined([told, params.get("note", "")])


def _paused(params: Params) -> tuple[str, str]:
    asked = params.get("note", "").rstrip(ENDS)
    needs = _("“%(needs)s”。", needs=asked) if asked else ""
    text = _("您回了话接着办，等您的时间不算在我们的时限里。")
    return _("%(kind)s：等您回话", kind=_name(params)), formats.joined([needs, text])


def _resumed(params: Params) -> tuple[str, str]:
    return _("%(kind)s：接着办了", kind=_name(params)), params.get("note", "")


def _rejected(params: Params) -> tuple[str, str]:
    hotline = current_settings().hotline
    plain = _("原因打 %(hotline)s 问，报受理号就行。", hotline=hotline)
    return _("%(kind)s：没有受理", kind=_name(params)), params.get("note") or plain


def _joined(params: Params) -> tuple[str, str]:
    text = _(
        "受理号 %(number)s。已经在修，不用再报。来电以后我们问您一声；不是这回事，打开告诉我们。",
        number=params["request_no"],
    )
    return _("您报的停电我们已经知道"), text


def _back(_params: Params) -> tuple[str, str]:
    return _("来电了吗？"), _("您报的那次停电，消息说已经来电。您家来了没有，打开说一声。")


def _late(params: Params) -> tuple[str, str]:
    due = instant(params, "due_at")
    missed = _("说好 %(when)s 前，没有做到，已经在催。", when=saying.until(due)) if due else ""
    ask = _("着急就打 %(hotline)s，报受理号。", hotline=current_settings().hotline)
    return _("%(kind)s：我们晚了", kind=_name(params)), formats.joined([missed, ask])


def _replied(params: Params) -> tuple[str, str]:
    return _("%(kind)s：有人回您了", kind=_name(params)), _("打开就能看到，也能接着说。")


def _visit(params: Params) -> tuple[str, str]:
    start, end = instant(params, "starts_at"), instant(params, "ends_at")
    if start is None or end is None:
        title = _("%(kind)s：上门取消了", kind=_name(params))
        return title, _("打开就能另约时间。")
    is_moved = params.get("was") is not None
    title = _("%(kind)s：上门改了时间") if is_moved else _("%(kind)s：约好上门")
    return title % {"kind": _name(params)}, _(
        "%(start)s–%(end)s 有人来。不方便，打开就能改。",
        start=formats.moment(start),
        end=formats.clock_time(end),
    )


def _rated(params: Params) -> tuple[str, str]:
    title = _("%(score)s 分：%(kind)s", score=params["score"], kind=_name(params))
    return title, _("%(number)s，客户不满意。", number=params["request_no"])


def _due(params: Params) -> tuple[str, str]:
    return _("快到时限：%(kind)s", kind=_name(params)), _by(params)


def _overdue(params: Params) -> tuple[str, str]:
    return _("超时了：%(kind)s", kind=_name(params)), _by(params)


def _by(params: Params) -> str:
    due = instant(params, "due_at")
    when = formats.moment(due) if due else ""
    return _("%(number)s，时限 %(when)s。", number=params["request_no"], when=when)


def _name(params: Params) -> str:
    return saying.kind_name(params["request_kind"])


SAID: dict[str, Callable[[Params], tuple[str, str]]] = {
    "opened": _opened,
    "moved": _moved,
    "paused": _paused,
    "resumed": _resumed,
    "rejected": _rejected,
    "joined": _joined,
    "back": _back,
    "late": _late,
    "replied": _replied,
    "visit": _visit,
}
AT_DESK: dict[str, Callable[[Params], tuple[str, str]]] = {
    "rated": _rated,
    "due": _due,
    "late": _overdue,
}
