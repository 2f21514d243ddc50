"""Requests in the words of the desk: whose turn it is, how long is left, who it is about."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from flask import url_for
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal import formats
from portal.i18n import gettext as _
from portal.requests import saying
from runtime import clock
from service.desk.load import Rated
from service.desk.queue import MOST_COUNTED, Item, Wanted
from service.models import User
from service.requests import moving, reading
from service.requests.appointments import Slot
from service.requests.kinds import Step, kind
from service.requests.models import Request, RequestEvent, RequestFile
from service.requests.talk_models import Appointment

SOON = timedelta(minutes=30)
QUEUES = {
    "mine": _l("我手里的"),
    "team": _l("班组的"),
    "free": _l("没人接的"),
    "late": _l("超时的"),
    "paused": _l("等客户的"),
    "all": _l("全部"),
}
TEAMS = {
    "repair": _l("抢修"),
    "connection": _l("业扩"),
    "metering": _l("计量"),
    "billing": _l("电费核算"),
    "service": _l("客户服务"),
}
EVENTS = {
    "opened": _l("客户提交了"),
    "paused": _l("请客户补充，时钟停了"),
    "resumed": _l("时钟接着走"),
    "reopened": _l("客户要求重新办"),
    "warned": _l("快到时限，提醒过"),
    "late": _l("过了时限"),
    "joined": _l("并入一次停电"),
    "cancelled": _l("撤回了"),
    "rejected": _l("没有受理"),
}
WHO = {"customer": _l("客户"), "core": _l("电费系统"), "clock": _l("时钟")}


@dataclass(frozen=True)
class Clock:
    """What is left, what for, and whether it presses."""

    words: str
    next: str
    state: Literal["late", "soon", ""]


def clock_of(request: Request) -> Clock:
    """How the clock of a request stands."""
    if request.closed_at is not None:
        return Clock(formats.moment(request.closed_at), saying.state_words(request), "")
    if request.paused_at is not None:
        return Clock(span(clock.now() - request.paused_at), _("等客户"), "")
    onward = moving.next_step(request)
    what = saying.said(onward.title) if onward else ""
    if request.due_at is None:
        return Clock(_("没有时限"), what, "")
    left = request.due_at - clock.now()
    if left < timedelta():
        return Clock(_("超 %(time)s", time=span(-left)), what, "late")
    warned = request.warned_at is not None
    return Clock(span(left), what, "soon" if warned or left < SOON else "")


def span(time: timedelta) -> str:
    """`4 分`, `1 时 40 分`, `2 天`: whole minutes that have passed or are left."""
    minutes = time // timedelta(minutes=1)
    if minutes < 60:
        return ngettext("%(num)s 分", "%(num)s 分", minutes)
    hours, rest = divmod(minutes, 60)
    if hours >= 24:
        return ngettext("%(num)s 天", "%(num)s 天", hours // 24)
    if rest == 0 or hours >= 3:
        return ngettext("%(num)s 时", "%(num)s 时", hours)
    return _("%(hours)s 时 %(minutes)s 分", hours=hours, minutes=rest)


def title(request: Request) -> str:
    """The kind, and what was chosen first: `报修：家里都没电`."""
    name = saying.kind_name(request.kind)
    for field, value in reading.told(request):
        if field.type == "choice":
            return _("%(kind)s：%(what)s", kind=name, what=saying.value_words(field, value))
    return name


def who(item: Item) -> str:
    """The customer, masked: the account's holder, or the phone that was left."""
    if item.account is not None:
        return formats.masked_name(item.account.holder_name)
    phone = item.request.phone
    return formats.masked_phone(phone) if phone else _("没有留名")


def place(item: Item) -> str:
    """Where it is, if that is known."""
    told = reading.values(item.request).get("address")
    return told or (item.account.address if item.account else "")


def customer(made: Request) -> str:
    """The address of the page of the request's customer, opened for this request."""
    return url_for("desk_customers.show", account_no=made.account_no, about=made.request_no)


def colleague(person: User | None) -> str:
    """The name of one of the utility's own people among themselves."""
    return (person.name if person else None) or _("没有留名的同事")


def event(made: Request, event: RequestEvent) -> str:
    """What happened, in words; a step that was reached by its own."""
    if event.code in EVENTS:
        return str(EVENTS[event.code])
    step = event.step and _step(made, event.step)
    return saying.said(step.title) if step else event.code


def filled(made: Request, event: RequestEvent) -> list[tuple[str, str]]:
    """What was filled in when a step was reached, label and value."""
    step = _step(made, event.step) if event.filled and event.step else None
    if step is None or event.filled is None:
        return []
    values: dict[str, str] = json.loads(event.filled)
    return [
        (saying.said(field.label), saying.value_words(field, values[field.name]))
        for field in step.form
        if field.name in values
    ]


def file_name(made: Request, file: RequestFile, number: int) -> str:
    """What a file stands for: the document that was asked for, else its number."""
    for document in kind(made.kind).documents:
        if document.name == file.document:
            return saying.said(document.title)
    return (
        _("照片 %(number)s", number=number)
        if file.is_photo
        else _("文件 %(number)s", number=number)
    )


def window(of: Slot | Appointment) -> str:
    """`12 月 14 日 周一 09:00–12:00`."""
    day = clock.civil_date(of.starts_at)
    begins, ends = formats.clock_time(of.starts_at), formats.clock_time(of.ends_at)
    return f"{formats.day(day)} {formats.weekday(day)} {begins}–{ends}"


def count(number: int) -> str:
    """A count of a queue; more than are counted is said so."""
    return f"{MOST_COUNTED}+" if number > MOST_COUNTED else str(number)


def mark(rated: Rated) -> str:
    """The mean of what customers gave: `4.3 星`."""
    return _("%(stars)s 星", stars=f"{rated.tenths / 10:.1f}")


def queue_name(wanted: Wanted) -> str:
    """What a queue is called: `抢修没人接的`."""
    name = str(QUEUES[wanted.queue])
    if wanted.queue in ("mine", "all") or wanted.team is None:
        return name
    team = str(TEAMS[wanted.team])
    return team if wanted.queue == "team" else _("%(team)s，%(queue)s", team=team, queue=name)


def teams(wanted: Wanted) -> str:
    """Whose requests a queue holds."""
    every = wanted.team is None or wanted.queue in ("mine", "all")
    return _("所有班组") if every else str(TEAMS[wanted.team or ""])


def narrowed(wanted: Wanted) -> str:
    """A queue and all that it is narrowed to, in one line: for whoever approves, and for a file."""
    parts = [queue_name(wanted)]
    parts += [saying.kind_name(wanted.kind)] if wanted.kind else []
    parts += [_("只看特急")] if wanted.urgent else []
    return _("、").join(parts)


def _step(made: Request, name: str) -> Step | None:
    return next((each for each in kind(made.kind).steps if each.name == name), None)
