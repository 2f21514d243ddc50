"""`/desk/refunds`: find an order, see it, ask that money goes back; refunds that are stuck."""

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from payments import refunds
from payments.models import Order
from payments.refunds import desk as cases
from payments.refunds.reasons import OF_THE_DESK
from portal import formats, words
from portal.forms import fen_typed
from portal.security import asker_id
from portal.staff import trail
from portal.staff.asked import Asked, in_words
from portal.staff.frame import COUNTER, FINANCE, desk, done
from runtime.errors import NotFound, Refused
from service.approvals import Approval

MOST_NOTE = 200
MOST_TYPED = 60
REASONS = {
    "paid_elsewhere": _l("付了两次"),
    "paid_late": _l("钱到时账单已缴清"),
    "second_trade": _l("同一单付了两次"),
    "wrong_account": _l("缴错了户号"),
    "paid_too_much": _l("缴多了"),
    "moved_out": _l("已经销户"),
    "bill_wrong": _l("账单有误"),
    "other": _l("其他"),
}
STATES = {
    "due": (_l("排队中"), "info"),
    "reversing": (_l("正从账上退出"), "info"),
    "at_gateway": (_l("付款通道在办"), "info"),
    "done": (_l("退好了"), "good"),
    "stuck": (_l("卡住了"), "bad"),
}
ORDER_STATES = {
    "created": (_l("还没去付"), ""),
    "awaiting": (_l("等付款"), ""),
    "paid": (_l("收到了，在记账"), "info"),
    "posted": (_l("已记账"), "good"),
    "closed": (_l("已关闭"), ""),
    "refunding": (_l("正在全部退回"), "info"),
    "refunded": (_l("全部退了"), "good"),
}
STUCK = {
    "not_enough": _l("商户余额不够：充值以后再试。"),
    "account_closed": _l("付款人的账户收不了钱：联系客户，换个办法退，再试。"),
    "too_late": _l("过了付款通道能退的期限：联系客户，换个办法退。"),
    "closed": _l("付款通道把这笔退款关了：再试会用新的单号。"),
    "abnormal": _l("钱退不进客户的卡：在商户平台处理好，再试一次核对。"),
    "not_set_up": _l("这个付款通道现在没有接：接上以后再试。"),
    "reversal.too_much": _l("电费系统里能退出的不够了：先对一对这个户号的账。"),
    **dict.fromkeys(
        ("posting.not_found", "reversal.refused", "reversal.key_reused"),
        _l("电费系统不退出这笔记账：先对一对这个户号的账。"),
    ),
}
"""Why a refund waits for a person, and what helps."""

blueprint = desk("refunds", __name__, _l("退款"), COUNTER, icon="purse")


@blueprint.get("")
def index() -> ResponseReturnValue:
    """Where an order is looked for, what was found, and what is stuck."""
    typed = "".join(request.args.get("order", "").split())[:MOST_TYPED]
    found = _search(typed) if typed else []
    if len(found) == 1:
        return redirect(url_for("desk_refunds.show", order_no=found[0].order_no), 303)
    page = render_template(
        "staff/refunds.html",
        typed=typed,
        found=found,
        stuck=cases.stuck(g.session),
        order_states=ORDER_STATES,
        why=_why,
    )
    return page, (404 if typed and not found else 200)


@blueprint.get("/<order_no>")
def show(order_no: str) -> ResponseReturnValue:
    page = _page(order_no, MultiDict())
    trail.seen(order_no, "", order_no)
    return page


@blueprint.post("/<order_no>")
def ask(order_no: str) -> ResponseReturnValue:
    """Ask for a refund; somebody else decides."""
    given = request.form
    try:
        refunds.ask_refund(
            g.session,
            order_no,
            _parts(given),
            given.get("reason", ""),
            by=asker_id(),
            note=given.get("note", "")[:MOST_NOTE],
        )
    except NotFound:
        raise
    except Refused as refusal:
        return _page(order_no, given, words.refusal(refusal)), 409
    flash(_("申请好了。另一个人批了，钱就退回去。"))
    return redirect(url_for("desk_refunds.show", order_no=order_no), 303)


@blueprint.post("/<refund_no>/retry")
def retry(refund_no: str) -> ResponseReturnValue:
    here = url_for("desk_refunds.index")
    return done(
        lambda: cases.retry(g.session, refund_no, by=asker_id()),
        here,
        _("又在退了，过一会儿看结果。"),
        here,
    )


@in_words(refunds.KIND)
def _in_words(session: Session, approval: Approval) -> Asked:
    """What whoever approves a refund must know."""
    found = cases.case(session, approval.subject)
    lines = [
        (_("户号 %(number)s", number=formats.grouped(account_no)), formats.amount(fen))
        for account_no, fen in approval.params["parts"].items()
    ]
    return Asked(
        _(
            "退 %(amount)s，%(reason)s",
            amount=formats.amount(approval.params["amount_fen"]),
            reason=REASONS[approval.params["reason"]],
        ),
        [
            *lines,
            (_("原付款"), formats.amount(found.order.amount_fen)),
            (_("退到"), formats.channel_name(found.order.gateway)),
        ],
        url_for("desk_refunds.show", order_no=approval.subject),
    )


def _page(order_no: str, given: MultiDict[str, str], said: str | None = None) -> str:
    found = cases.case(g.session, order_no)
    return render_template(
        "staff/refund.html",
        case=found,
        given=given,
        said=said,
        reasons=[(code, REASONS[code]) for code in OF_THE_DESK],
        reason_words=REASONS,
        states=STATES,
        order_states=ORDER_STATES,
        most_note=MOST_NOTE,
        approvers=FINANCE,
        why=_why,
    )


def _search(typed: str) -> list[Order]:
    """Orders by a number or a phone; who looked for whom stands in the trail."""
    trail.did(trail.SEARCHED, "search", typed)
    return cases.search(g.session, typed)


def _parts(given: MultiDict[str, str]) -> dict[str, int]:
    """Fen by account, of the fields `part-<account>`; empty ones give nothing back.

    Raises Refused("amount.malformed").
    """
    typed = {
        name.removeprefix("part-"): value.strip()
        for name, value in given.items()
        if name.startswith("part-")
    }
    return {
        account_no: fen for account_no, text in typed.items() if text and (fen := fen_typed(text))
    }


def _why(reason: str | None) -> str:
    return str(STUCK.get(reason or "", _("付款通道没有办成：%(code)s", code=reason or "-")))
