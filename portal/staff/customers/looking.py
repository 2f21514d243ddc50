"""`/desk/customers/<account_no>`: a customer at a glance, for whoever has said why."""

from dataclasses import dataclass
from datetime import timedelta

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from notifications.arrears import showing
from payments import history
from payments.history import Payment
from portal import formats, words
from portal.charts import Bar, axis, side_by_side
from portal.i18n import language
from portal.requests import saying
from portal.security import asker_id
from portal.staff import asked, trail
from portal.staff.conversations import telling
from portal.staff.customers.room import Looked, blueprint, looked_at, request_page
from portal.staff.customers.told import told
from portal.staff.frame import AGENTS, LEADS
from portal.staff.reminders import RUNGS
from runtime import clock
from runtime.errors import NotFound, Refused
from service import approvals, audit
from service.approvals import Approval
from service.bills import tariff_name
from service.customers import exports, glance, opening, rebills
from service.customers.glance import Glance, Running

MOST_PAYMENTS = 8
DECLINED_SHOWN = timedelta(days=14)
CHART_HEIGHT = 64
SETTLEMENTS = {"postpaid": _l("先用后缴"), "prepaid": _l("先充后用")}
STATES = {
    **dict.fromkeys(("received", "accepted", "in_progress"), (_l("在办"), "info")),
    "done": (_l("办好了"), "good"),
    "rejected": (_l("没有受理"), "bad"),
    "cancelled": (_l("撤回了"), ""),
}
SHEETS = {"bills": _l("全部账单"), "usage": _l("每天的用电")}
ROLES = {
    "owner": _l("户主"),
    "payer": _l("代缴"),
    "family_helper": _l("家里人代办"),
    "enterprise_admin": _l("单位管理员"),
    "enterprise_finance": _l("单位财务"),
    "enterprise_energy": _l("单位能源"),
}


@dataclass(frozen=True)
class UseChart:
    """The last twelve months as billed and this one as measured, with the colour of each bar.

    `finding` says what is to be seen.
    """

    height: int
    bars: tuple[tuple[Bar, str], ...]
    finding: str


@blueprint.get("/<account_no>")
def show(account_no: str) -> ResponseReturnValue:
    """The customer; or the form that asks why, which says nothing about them."""
    looked = looked_at(account_no)
    if looked is None:
        return _ask_why(account_no)
    trail.seen(account_no, looked.why.reason, looked.why.about)
    return page(looked)


@blueprint.post("/<account_no>")
def open_one(account_no: str) -> ResponseReturnValue:
    """Say why, and look."""
    try:
        reason = request.form.get("reason", "")
        opening.open_customer(g.session, asker_id(), account_no, reason)
    except NotFound:
        raise
    except Refused as refusal:
        return _ask_why(account_no, words.refusal(refusal)), 400
    return redirect(url_for(".show", account_no=account_no), 303)


@blueprint.post("/<account_no>/phone")
def phone(account_no: str) -> ResponseReturnValue:
    """The same page with one whole number; who saw it stands in the trail."""
    looked = looked_at(account_no)
    if looked is None:
        return _ask_why(account_no)
    whose = request.form.get("whose", type=int)
    audit.record(
        g.session,
        by=asker_id(),
        deed=trail.PHONE,
        subject=f"user {whose}" if whose else account_no,
        reason=looked.why.in_words,
        about=account_no if whose else "",
    )
    return page(looked, shown_phone=whose or 0)


def page(looked: Looked, *, said: str | None = None, shown_phone: int | None = None) -> str:
    """The page of a customer. `shown_phone`: whose number is whole; 0 is the account's own."""
    account = looked.account
    found = glance.glance(g.session, account)
    return render_template(
        "staff/customers/show.html",
        looked=looked,
        glance=found,
        payments=_payments(account.account_no),
        chart=use_chart(found),
        asked=_asked(found),
        rebills=rebills.of_account(g.session, account.account_no),
        exports=exports.of_account(g.session, account.account_no, asker_id()),
        told=told(g.session, account.account_no),
        standing=showing.standing(g.session, account, found.owed),
        rungs=RUNGS,
        said=said,
        shown_phone=shown_phone,
        may_open=_may_open,
        roles=ROLES,
        tariff=_tariff,
        settlements=SETTLEMENTS,
        states=STATES,
        sheets=SHEETS,
        request_page=request_page,
        asker_id=asker_id,
        asked_words=lambda each: asked.tell(g.session, each).title,
        saying=saying,
        tell=telling,
        most_reason=audit.MOST_REASON,
    )


def use_chart(found: Glance) -> UseChart | None:
    """The chart; None where nothing was charged or measured. The running month stands out."""
    running = found.running
    values = [*(wh for _month, wh in found.used), running.wh if running else None]
    most = max((wh for wh in values if wh), default=0)
    if not most:
        return None
    scale = axis(most, height=CHART_HEIGHT, head=2, foot=2)
    return UseChart(
        height=CHART_HEIGHT,
        bars=tuple(
            (bar, "peak" if bar.column == len(values) - 1 else "valley")
            for bar in side_by_side([(wh,) for wh in values], scale, fill=0.8)
        ),
        finding=formats.joined((_most_used(found), _so_far(running))),
    )


def _most_used(found: Glance) -> str:
    known = [(month, wh) for month, wh in found.used if wh]
    if not known:
        return ""
    month, wh = max(known, key=lambda each: each[1])
    return _(
        "账单里 %(month)s最多，%(most)s。", month=formats.month(month), most=formats.energy(wh, 0)
    )


def _so_far(running: Running | None) -> str:
    if running is None:
        return ""
    return _(
        "这个月到 %(day)s %(use)s。", day=formats.day(running.as_of), use=formats.energy(running.wh)
    )


def _asked(found: Glance) -> list[Approval]:
    """What waits for a second person, and what one has declined of late."""
    account_no = found.account.account_no
    subjects = [
        *(bill.bill_no for bill in found.bills),
        *(exports.subject(account_no, what) for what in SHEETS),
    ]
    told = approvals.about(g.session, subjects, (rebills.KIND, exports.KIND))
    return [each for each in told if each.status == "asked" or _declined_lately(each)]


def _declined_lately(approval: Approval) -> bool:
    if approval.status != "declined" or approval.decided_at is None:
        return False
    return clock.now() - approval.decided_at < DECLINED_SHOWN


def _payments(account_no: str) -> list[Payment]:
    return history.payments_at_the_desk(g.session, account_no)[:MOST_PAYMENTS]


def _tariff(name: str) -> str:
    return tariff_name(name, f"{clock.today():%Y-%m}")[language()]


def _may_open(talk: glance.Talk) -> bool:
    """Whether the asker may read a talk, as `conversations.thread` decides it."""
    role, held = current_user.staff_role, talk.handoff.staff_id
    if role not in AGENTS:
        return False
    nobodys = held is None and talk.handoff.ended_at is None
    return nobodys or held == asker_id() or role in LEADS


def _ask_why(account_no: str, said: str | None = None) -> str:
    return render_template(
        "staff/customers/reason.html",
        account_no=account_no,
        said=said,
        typed=request.form.get("reason", ""),
        most_reason=audit.MOST_REASON,
        minutes=int(opening.OPEN_FOR.total_seconds()) // 60,
    )
