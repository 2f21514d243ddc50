"""What is said of requests: names, promises, states and values in the reader's language."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from flask import g
from flask_babel import ngettext
from markupsafe import Markup

from portal import formats
from portal.i18n import gettext as _
from portal.i18n import language
from portal.settings import current_settings
from runtime import clock
from service.models import Bill
from service.requests import joining, moving, reading
from service.requests.asking import KnownField, Prepared
from service.requests.kinds import Field, Kind, Step, Words, kind
from service.requests.models import Request, RequestPause
from service.requests.reading import StepTaken

BADGES = {"done": "good", "rejected": "bad", "cancelled": ""}


@dataclass(frozen=True)
class Promised:
    """A promise in the words of the kind, parted where the time stands."""

    before: str
    when: str
    after: str

    def __str__(self) -> str:
        return f"{self.before}{self.when}{self.after}"


@dataclass(frozen=True)
class Real:
    """What became of a step's promise: kept, late, or nothing promised."""

    words: str
    state: Literal["kept", "late", ""]


def said(words: Words) -> str:
    """Words of a kind in the language of the page."""
    return words.said(language())


def kind_name(name: str) -> str:
    """What a kind is called."""
    return said(kind(name).title)


def promise(of: Request | Prepared) -> Promised:
    """`12 月 17 日前用上电`: what was promised, or would be now."""
    wanted = of.kind if isinstance(of, Prepared) else kind(of.kind)
    return promise_of(wanted, of.promised_at)


def outcome(request: Request) -> Promised:
    """`12 月 17 日 10:00 接电通电`: when a request was done, in the words of its last step."""
    assert request.closed_at is not None  # noqa: S101 - it is of a request that is done
    last = reading.timeline(request)[-1]
    words = _("来电了") if last.is_by_word else said(last.step.title)
    return Promised("", formats.moment(request.closed_at), f" {words}")


def promise_of(wanted: Kind, at: datetime) -> Promised:
    """The promise of a kind for a time: `12 月 17 日` is followed by 前, `09:30` by a blank too."""
    before, _when, after = said(wanted.promise.words).partition("{when}")
    when = until(at)
    return Promised(before, when, after.lstrip() if formats.is_han(when[-1]) else after)


def deadline_words(of: Request | Prepared) -> str:
    """The promise as one sentence without its full stop.

    While a choice that must be made still decides it, no more is said than the earliest.
    """
    if isinstance(of, Prepared) and of.promise_by and of.promise_by.required:
        earliest = promise_of(of.kind, min(of.promised_by.values()))
        return _("最快 %(promise)s", promise=earliest)
    return str(promise(of))


def chosen_deadline_words(of: Prepared, field: Field, value: str) -> str | None:
    """The promise with this value of a field; None where the field has no say in it."""
    if of.promise_by is None or field.name != of.promise_by.name:
        return None
    return str(promise_of(of.kind, of.promised_by[value]))


def until(when: datetime) -> str:
    """The end of a day is that day; any other time is said with its hour."""
    if when == clock.civil_midnight(clock.civil_date(when)):
        return formats.day(clock.civil_date(when) - timedelta(days=1))
    return formats.moment(when)


def day_of(when: datetime) -> str:
    """`12 月 17 日`: the day in China on which something was."""
    return formats.day(clock.civil_date(when))


def state_words(request: Request) -> str:
    """`在办，第 3 步`, `办好了`, `撤回了`, `没有受理`."""
    ended = {"done": _("办好了"), "cancelled": _("撤回了"), "rejected": _("没有受理")}
    if request.state in ended:
        return ended[request.state]
    taken = reading.timeline(request)
    now = next((number for number, each in enumerate(taken, 1) if each.state == "now"), len(taken))
    return _("在办，第 %(number)s 步", number=now)


def badge(request: Request) -> str:
    """The colour of the state: it always stands with its words."""
    return BADGES.get(request.state, "info")


def is_late(request: Request) -> bool:
    """Whether the promise is past and what was promised has not come, as far as the clock went."""
    if request.closed_at is not None:
        return False
    step = _promised_step(request)
    return step.at is None and request.promised_at < (request.paused_at or clock.now())


def sentence(request: Request) -> str:
    """Where a request is, for a chat: its state and what comes next."""
    head = _(
        "%(kind)s（%(number)s）：%(state)s。",
        kind=kind_name(request.kind),
        number=request.request_no,
        state=state_words(request),
    )
    if request.state in BADGES:
        return head
    if waits := waits_words(request):
        return formats.joined([head, waits])
    if is_late(request):
        return formats.joined([head, late_words(request)])
    step = _promised_step(request)
    return head if step.at else formats.joined([head, _stopped(deadline_words(request))])


def waits_words(request: Request) -> str | None:
    """What a request waits for while its clock stands; None while it goes."""
    if request.closed_at is not None or request.paused_at is None:
        return None
    if joining.is_asked(request):
        return _("停电修好了。您那里来电了吗？在这件事的页面上说一声。")
    if reading.is_joined(request):
        return _("和已经知道的停电 %(number)s 是一回事，已经在修。", number=request.outage_no)
    if needs := next((each.needs for each in request.pauses if each.until is None), None):
        return _("等您回一句：%(needs)s", needs=needs)
    onward = moving.next_step(request)
    return _stopped(_("轮到您了：%(step)s", step=said(onward.title))) if onward else None


def _stopped(words: str) -> str:
    """Words with their full stop."""
    return (words + _("。")).rstrip()


def late_words(request: Request) -> str:
    """What we say when a promise was not kept."""
    return _(
        "说好 %(when)s 前，我们晚了。着急就打 %(hotline)s，报受理号。",
        when=until(request.promised_at),
        hotline=current_settings().hotline,
    )


def real(step: StepTaken) -> Real | None:
    """When a step was reached, against its promise; or that it is overdue."""
    if step.at is None:
        is_due = step.promised_at is not None and step.promised_at < clock.now()
        return Real(_("还没到，比说好的晚了"), "late") if is_due and step.state != "off" else None
    at = formats.moment(step.at)
    if step.kept is None:
        return Real(at, "")
    if step.kept:
        return Real(_("%(at)s，说到做到", at=at), "kept")
    return Real(_("%(at)s，比说好的晚", at=at), "late")


def told_by(step: StepTaken) -> str | None:
    """How it ended where the customer's word did, or their silence; None where work did."""
    if not step.is_by_word or step.event is None:
        return None
    if step.event.who == "customer":
        return _("您说来电了，这件事就办结了。")
    return _("停电修好后没有收到您的回音，当作来电了。还没电就重新办。")


def summary(request: Request) -> list[tuple[str, str]]:
    """What was told, label and value, phones masked."""
    return [(said(field.label), _shown(field, value)) for field, value in reading.told(request)]


def values_told(wanted: Kind, values: dict[str, str]) -> list[tuple[str, str]]:
    """The same of what is about to be sent, phones whole: they are to be checked."""
    return [
        (said(each.label), _shown(each, values[each.name], whole=True))
        for each in wanted.told
        if each.name in values
    ]


def value_words(field: Field, value: str, *, whole: bool = False) -> str:
    """A value as people read it."""
    match field.type:
        case "choice":
            title = field.title(value)
            return said(title) if title else value
        case "bill":
            bill = g.session.get(Bill, value)
            return bill_words(bill) if bill else value
        case "phone" if not whole:
            return formats.masked_phone(value)
        case "day":
            return formats.day(datetime.fromisoformat(value).date())
        case "number" if field.unit:
            return f"{value} {said(field.unit)}"
        case "point":
            return value.replace(",", ", ")
    return value


def _shown(field: Field, value: str, *, whole: bool = False) -> str:
    """A value on a page: a place also opens in the maps of a phone."""
    words = value_words(field, value, whole=whole)
    if field.type == "point":
        return Markup('<a class="whole" href="geo:{}">{}</a>').format(value, words)
    return words


def choices(known: KnownField) -> list[tuple[str, str]]:
    """The values that a field offers, each with its words; none when it offers none."""
    if known.field.type == "bill":
        return [(each.bill_no, bill_words(each)) for each in known.bills]
    return [(each.value, said(each.title)) for each in known.field.choices]


def bill_words(bill: Bill) -> str:
    """`2026 年 10 月，¥149.51`."""
    month, amount = formats.full_month(bill.period), formats.amount(bill.total_fen)
    return _("%(month)s，%(amount)s", month=month, amount=amount)


def group_name(group: str) -> str:
    """What a group of kinds is called."""
    names = {
        "trouble": _("坏了、停了"),
        "supply": _("用电、加电"),
        "account": _("户号和账单"),
        "word": _("想说的、想问的"),
    }
    return names[group]


def groups(kinds: Sequence[Kind]) -> list[tuple[str, list[Kind]]]:
    """Kinds by their groups, in their order."""
    found: dict[str, list[Kind]] = {}
    for each in kinds:
        found.setdefault(each.group, []).append(each)
    return list(found.items())


def _promised_step(request: Request) -> StepTaken:
    name = kind(request.kind).promise.step
    return next(each for each in reading.timeline(request) if each.step.name == name)


def window(starts_at: datetime, ends_at: datetime) -> str:
    """`12 月 14 日 周一 14:00–17:00`: when somebody comes."""
    return f"{visit_day(starts_at)} {hours(starts_at, ends_at)}"


def visit_day(starts_at: datetime) -> str:
    """`12 月 14 日 周一`, `Monday 14 December`."""
    day = clock.civil_date(starts_at)
    return _("%(day)s %(weekday)s", day=formats.day(day), weekday=formats.weekday(day))


def hours(starts_at: datetime, ends_at: datetime) -> str:
    """`14:00–17:00` in Beijing time."""
    return f"{formats.clock_time(starts_at)}–{formats.clock_time(ends_at)}"


def stars(score: int) -> str:
    """A mark of one to five in words."""
    words = {5: _("很好"), 4: _("好"), 3: _("一般"), 2: _("不太好"), 1: _("不好")}
    return words[score]


def stood(pause: RequestPause, step: Step) -> str:
    """How long the customer's part has taken: it is shown apart, and does not count.

    Who was asked for nothing, and has no step to do, waits for the end of an outage.
    """
    if pause.needs is None and step.who != "customer":
        since = formats.moment(pause.since)
        if pause.until is None:
            return _("%(since)s 起算在这次停电里", since=since)
        until = formats.moment(pause.until)
        return _("%(since)s 到 %(until)s 算在一次停电里，没算在期限里", since=since, until=until)
    if pause.until is None:
        return _("%(since)s 起等您这边，这段时间不算在期限里", since=formats.moment(pause.since))
    return _("等您这边 %(long)s，没算在期限里", long=_long(pause.until - pause.since))


def _long(time: timedelta) -> str:
    """`3 天`, `5 小时`, `20 分钟`: whole ones of the largest unit."""
    minutes = max(1, round(time.total_seconds() / 60))
    if minutes >= 24 * 60:
        return ngettext("%(num)s 天", "%(num)s 天", minutes // (24 * 60))
    if minutes >= 60:
        return ngettext("%(num)s 小时", "%(num)s 小时", minutes // 60)
    return ngettext("%(num)s 分钟", "%(num)s 分钟", minutes)
