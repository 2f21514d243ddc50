"""`/desk/reminders`: the ladder of reminders, what goes out, what went out, and how to stop it."""

from datetime import date, timedelta

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from notifications.arrears import pausing, showing
from notifications.arrears.foreseeing import AHEAD
from notifications.arrears.ladder import BANDS, STEPS, ladder
from notifications.arrears.models import ReminderRun
from portal.security import asker_id
from portal.staff.frame import FINANCE, desk, done, leads
from portal.staff.rungs import picture
from runtime import clock
from runtime.errors import Forbidden
from service import audit

CLASSES = {
    "residential": _l("居民"),
    "small": _l("小商户和农业"),
    "enterprise": _l("企业大用户"),
}
RUNGS = {
    "arrears.early": _l("出账后提醒"),
    "arrears.before": _l("快到期了"),
    "arrears.due": _l("今天到期"),
    "arrears.late_3": _l("过期 3 天"),
    "arrears.late_7": _l("过期 7 天"),
    "arrears.late_15": _l("过期 15 天"),
    "arrears.formal": _l("正式通知"),
}
BAND_WORDS = {
    "low": _l("晚缴风险低"),
    "middle": _l("晚缴风险中"),
    "high": _l("晚缴风险高"),
}
RUN_STATES = {
    "running": (_l("在提醒"), "info"),
    "paused": (_l("暂停了"), "bad"),
    "done": (_l("做完了"), "good"),
}

blueprint = desk("reminders", __name__, _l("缴费提醒"), FINANCE, icon="bill")


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The ladder, the week to come as the last run counted it, and the runs of the last days."""
    past = showing.outcomes(g.session)
    return render_template(
        "staff/reminders.html",
        ladder=ladder(),
        drawings={name: picture(each) for name, each in ladder().classes.items()},
        classes=CLASSES,
        rungs=RUNGS,
        steps=STEPS,
        bands=BANDS,
        band_words=BAND_WORDS,
        states=RUN_STATES,
        past=past,
        week=_week(past[0].run) if past else [],
        pause=pausing.standing(g.session),
        may_stop=leads(),
        most_reason=audit.MOST_REASON,
        ahead=AHEAD,
    )


@blueprint.post("/pause")
def pause() -> ResponseReturnValue:
    """Stop all reminders."""
    _lead()
    here, reason = url_for(".index"), request.form.get("reason", "")
    return done(
        lambda: pausing.pause(g.session, reason, by=asker_id()), here, _("提醒都停了。"), here
    )


@blueprint.post("/resume")
def resume() -> ResponseReturnValue:
    """Let reminders go on."""
    _lead()
    here, reason = url_for(".index"), request.form.get("reason", "")
    return done(
        lambda: pausing.resume(g.session, reason, by=asker_id()),
        here,
        _("提醒又开始了，下一个整点过后补上。"),
        here,
    )


def _lead() -> None:
    if not leads():
        raise Forbidden("staff.not_allowed")


def _week(run: ReminderRun) -> list[tuple[date, dict[str, dict[str, int]]]]:
    """The day of a run and the days after it, with accounts by class and rung."""
    coming = [
        (date.fromisoformat(day), counts) for day, counts in sorted((run.ahead or {}).items())
    ]
    week = [(run.day, run.counts), *coming]
    today = clock.today()
    return [each for each in week if today <= each[0] <= today + timedelta(days=AHEAD)]
