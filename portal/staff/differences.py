"""`/desk/differences`: how the three sides of each day stand, and what is to be decided."""

from datetime import date

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from payments import soon
from payments.reconciliation import resolving, showing
from payments.reconciliation.models import Difference
from payments.reconciliation.resolving import Action
from portal import formats, words
from portal.security import asker_id
from portal.staff.asked import Asked, in_words
from portal.staff.frame import FINANCE, desk
from portal.staff.refunds import ORDER_STATES
from runtime import clock
from runtime.errors import NotFound, Refused
from service.approvals import Approval

MOST_REASON = 200
CLASSES = {
    "missing_callback": _l("通道收了，我们没记"),
    "missing_posting": _l("我们收了，电费系统没记"),
    "unrecorded": _l("电费系统记了，我们没收到回音"),
    "amount": _l("两边金额不一样"),
    "duplicate": _l("同一单有两笔"),
    "unknown": _l("不是我们的单号"),
    "missing_at_gateway": _l("我们记了，通道没有"),
    "refund_not_here": _l("对方退了，我们没记"),
    "refund_not_there": _l("我们退了，对方没有"),
    "refund_amount": _l("退款金额不一样"),
}
STATES = {
    "open": (_l("等人处理"), "bad"),
    "curing": (_l("正在自动处理"), "info"),
    "asked": (_l("等着批"), "due"),
    "cured": (_l("自动处理好了"), "good"),
    "resolved": (_l("处理好了"), "good"),
}
ACTIONS = {
    Action.SUSPENSE: (
        _l("按对方的数记，差额挂起来"),
        _l("差额记到“待查款”，等弄清楚是谁的。"),
    ),
    Action.WRITE_OFF: (
        _l("按对方的数记，差额算我们的"),
        _l("差额记到“手续费”，多的收下，少的承担。"),
    ),
    Action.GIVE_BACK: (_l("退回付款人"), _l("从付款通道原路退，先挂到“待查款”。")),
    Action.AGAIN: (_l("再自动处理一次"), _l("再问一次付款通道，或者再记一次账。不动钱。")),
    Action.EXPLAINED: (_l("没有错"), _l("在下面写明为什么。不动钱。")),
}
VERDICTS = {
    "accepted": _l("收下了"),
    "duplicate": _l("重复的"),
    "ignored": _l("与付款无关"),
    "wrong_amount": _l("金额不对，没有收"),
    "wrong_merchant": _l("不是给我们的，没有收"),
    "second_trade": _l("第二笔付款"),
    "unknown_order": _l("没有这个单号"),
}
REFUSALS = {
    "wrong_hash": _l("文件和它的指纹对不上"),
    "wrong_day": _l("不是这一天的"),
    "wrong_merchant": _l("不是我们商户的"),
    "wrong_charset": _l("文字编码不对"),
    "truncated": _l("文件不完整"),
    "miscounted": _l("行数或合计对不上，少了或多了"),
    "malformed": _l("格式读不懂"),
    "duplicate_line": _l("有两行一样的"),
    "no_statement": _l("通道说没有，可我们有付款"),
    "changed": _l("和上次收的不一样"),
    "wrong_columns": _l("格式读不懂"),
    "wrong_total": _l("行数或合计对不上，少了或多了"),
    "wrong_row": _l("格式读不懂"),
    "too_large": _l("文件太大"),
}

blueprint = desk("differences", __name__, _l("对账"), FINANCE, icon="tick")


@blueprint.get("")
def index() -> ResponseReturnValue:
    """A week of days and everything that waits."""
    return render_template(
        "staff/differences.html",
        week=showing.week(g.session, _last_day()),
        unsettled=showing.unsettled(g.session),
        most=showing.MOST,
        class_of=class_of,
        states=STATES,
        source_name=source_name,
        refusal=_refusal,
        newest=clock.today(),
    )


@blueprint.post("/run")
def run() -> ResponseReturnValue:
    """Compare a day now; what came of it is on the page when the worker has done it."""
    soon.reconcile(g.session, _last_day())
    flash(_("开始对了，一般一分钟内好，刷新就看得到。"))
    return redirect(url_for("desk_differences.index", until=request.args.get("until")), 303)


@blueprint.get("/<int:difference_id>")
def show(difference_id: int) -> ResponseReturnValue:
    return _page(difference_id)


@blueprint.post("/<int:difference_id>")
def ask(difference_id: int) -> ResponseReturnValue:
    """Ask a second person for what is to be done."""
    try:
        action = Action(request.form.get("action", ""))
        reason = request.form.get("reason", "")[:MOST_REASON]
        resolving.ask(g.session, difference_id, action, reason, by=asker_id())
    except ValueError:
        return _page(difference_id, _("请选一个办法。")), 409
    except NotFound:
        raise
    except Refused as refusal:
        return _page(difference_id, words.refusal(refusal)), 409
    flash(_("申请好了，等另一个人批。"))
    return redirect(url_for("desk_differences.show", difference_id=difference_id), 303)


@in_words(resolving.KIND)
def _in_words(session: Session, approval: Approval) -> Asked:
    """What whoever approves must know: the action, and by how much the books will move."""
    difference = showing.case(session, int(approval.subject)).difference
    title, meaning = ACTIONS[Action(approval.params["action"])]
    lines = [
        (_("差异"), _("%(class_)s，%(key)s", class_=class_of(difference), key=difference.key)),
        (_("哪一天"), formats.full_day(difference.day)),
        (_("会怎样"), str(meaning)),
    ]
    if fen := approval.params["amount_fen"]:
        lines.append((_("差额"), formats.change(fen)))
    link = url_for("desk_differences.show", difference_id=difference.id)
    return Asked(_("对账差异：%(action)s", action=title), lines, link)


def _page(difference_id: int, said: str | None = None) -> str:
    found = showing.case(g.session, difference_id)
    return render_template(
        "staff/difference.html",
        case=found,
        given=request.form,
        said=said,
        choices=[(action, *ACTIONS[action]) for action in found.actions],
        action_words=ACTIONS,
        class_of=class_of,
        states=STATES,
        source_name=source_name,
        order_states=ORDER_STATES,
        verdicts=VERDICTS,
        most_reason=MOST_REASON,
    )


def class_of(difference: Difference) -> LazyString:
    return CLASSES[difference.kind]


def source_name(source: str) -> str:
    """Whose statement was compared."""
    return _("电费系统") if source == "core" else formats.channel_name(source)


def _refusal(reason: str) -> str:
    return str(REFUSALS.get(reason, reason))


def _last_day() -> date:
    """The day that is asked for; today when it is none, or lies ahead."""
    try:
        return min(date.fromisoformat(request.args.get("until", "")), clock.today())
    except ValueError:
        return clock.today()
