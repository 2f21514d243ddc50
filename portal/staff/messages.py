"""`/desk/messages`: what did not reach people and why, and how the providers are."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import select

from notifications import dead, health
from notifications.dead import Wanted
from notifications.models import Message, Provider
from notifications.sharing import Seen, weight
from notifications.wordings import catalogue
from portal.i18n import language
from portal.security import asker_id
from portal.staff.frame import FINANCE, desk
from portal.staff.reasons import why
from runtime import clock
from runtime.errors import NotFound
from service import audit

SLOW = 0.5
"""A provider of less weight than this is called slow."""
MOST_AT_ONCE, MOST_DIGITS = 200, 18
OFF, ON = "provider.off", "provider.on"
CHANNELS = {
    "wechat": _l("微信"),
    "sms": _l("短信"),
    "mail": _l("邮件"),
    "voice": _l("语音电话"),
    "push": _l("浏览器提醒"),
}
PROVIDERS = {
    "aliyun": _l("阿里云短信"),
    "tencent": _l("腾讯云短信"),
    "http": _l("短信接口"),
    "smtp": _l("邮件服务器"),
    "wechat": _l("微信服务号"),
    "voice": _l("语音电话"),
    "push": _l("浏览器提醒"),
}
STATES = {
    "off": (_l("停用了"), ""),
    "open": (_l("先不用它"), "bad"),
    "slow": (_l("慢，或者常出错"), "due"),
    "works": (_l("正常"), "good"),
}

blueprint = desk("messages", __name__, _l("发送"), FINANCE, icon="bill")


@dataclass(frozen=True)
class Standing:
    """A provider, how it is, and what it did in the last minutes."""

    name: str
    state: str
    until: datetime | None
    is_off: bool
    seen: Seen


@blueprint.get("")
def index() -> ResponseReturnValue:
    """Dead letters, narrowed by reason, channel and provider; queues; providers."""
    asked = request.args
    wanted = Wanted(asked.get("reason", ""), asked.get("channel", ""), asked.get("provider", ""))
    found = dead.letters(g.session, wanted, request.args.get("before", type=int))
    return render_template(
        "staff/messages.html",
        wanted=wanted,
        letters=found[: dead.PAGE],
        older=found[dead.PAGE - 1].id if len(found) > dead.PAGE else None,
        counts=dead.counts(g.session),
        backlog=dead.backlog(g.session),
        standings=_standings(),
        channels=CHANNELS,
        providers=PROVIDERS,
        states=STATES,
        why=why,
        titled=titled,
    )


@blueprint.post("")
def deal() -> ResponseReturnValue:
    """Send the chosen letters again, or let them be."""
    ids = _ticked(request.form.getlist("letter"))
    if not ids:
        flash(_("先勾选要处理的。"), "bad")
    elif request.form.get("deed") == "drop":
        number = dead.drop(g.session, ids, by=asker_id())
        flash(ngettext("%(num)s 条不再发了。", "%(num)s 条不再发了。", number))
    else:
        number = dead.send_again(g.session, ids, by=asker_id())
        if left := len(ids) - number:
            flash(ngettext("%(num)s 条不能再发。", "%(num)s 条不能再发。", left), "bad")
        if number:
            flash(ngettext("%(num)s 条又在发了。", "%(num)s 条又在发了。", number))
    return redirect(url_for(".index"), 303)


@blueprint.post("/providers/<name>")
def switch(name: str) -> ResponseReturnValue:
    """Let a provider alone, or use it again."""
    if g.session.get(Provider, name) is None:
        raise NotFound("provider.not_found")
    off = request.form.get("off") == "1"
    health.switch(g.session, name, off=off)
    audit.record(g.session, by=asker_id(), deed=OFF if off else ON, subject=name, reason="messages")
    flash(_("停用了，别的通道接着发。") if off else _("又用它了。"))
    return redirect(url_for(".index"), 303)


def _ticked(typed: Iterable[str]) -> list[int]:
    """The ids among what a form says."""
    are_ids = (each for each in typed if each.isascii() and each.isdigit())
    return [int(each) for each in are_ids if len(each) <= MOST_DIGITS][:MOST_AT_ONCE]


def titled(message: Message) -> str:
    """What a message was about, in words; one of before its kind was kept, by its template."""
    kind = message.kind or catalogue.templates().get(message.template, ("",))[0]
    known = catalogue.wordings().get(kind)
    return known.title.said(language()) if known else message.template


def _standings() -> list[Standing]:
    rows = g.session.scalars(select(Provider).order_by(Provider.name)).all()
    seen = health.seen(g.session, [each.name for each in rows], clock.now())
    return [
        Standing(each.name, _state(each, own), each.open_until, each.is_off, own)
        for each in rows
        if (own := seen[each.name])
    ]


def _state(row: Provider, seen: Seen) -> str:
    if row.is_off:
        return "off"
    if row.open_until is not None:
        return "open"
    return "slow" if weight(seen) < SLOW else "works"
