"""What finance does about an account in arrears; each deed stands in the trail."""

from collections.abc import Callable
from datetime import date, datetime

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import formats
from portal.security import asker_id
from portal.staff import trail
from portal.staff.arrears import looking, telling
from portal.staff.arrears.room import blueprint
from portal.staff.asked import Asked, in_words
from runtime.errors import NotFound, Refused
from service.approvals import Approval
from service.arrangements import deciding
from service.arrangements.models import Arrangement
from service.customers import opening
from service.disconnections import calling_off, planning, protecting
from service.disconnections.models import Disconnection

Deed = Callable[[], str]
"""Does something and says what was done."""


@blueprint.post("/<account_no>/arrangements/<int:arrangement_id>/agree")
def agree(account_no: str, arrangement_id: int) -> ResponseReturnValue:
    def deed() -> str:
        _arrangement(account_no, arrangement_id)
        done = deciding.agree(g.session, arrangement_id, by=asker_id())
        return _("同意了，已经告诉客户。") if done else _("金额大，另一个人批了才算数。")

    return _done(account_no, deed)


@blueprint.post("/<account_no>/arrangements/<int:arrangement_id>/decline")
def decline(account_no: str, arrangement_id: int) -> ResponseReturnValue:
    def deed() -> str:
        _arrangement(account_no, arrangement_id)
        note = request.form.get("note", "")
        deciding.decline(g.session, arrangement_id, note, by=asker_id())
        return _("没有同意，原因告诉客户了。")

    return _done(account_no, deed)


@blueprint.post("/<account_no>/disconnections")
def plan(account_no: str) -> ResponseReturnValue:
    """Plan a disconnection; somebody else approves it."""

    def deed() -> str:
        reason = request.form.get("reason", "")
        planning.ask(g.session, account_no, _moment(), reason, by=asker_id())
        return _("申请好了。另一个人批了才通知客户。")

    return _done(account_no, deed)


@blueprint.post("/<account_no>/disconnections/<int:disconnection_id>/call-off")
def call_off(account_no: str, disconnection_id: int) -> ResponseReturnValue:
    def deed() -> str:
        found = g.session.get(Disconnection, disconnection_id)
        if found is None or found.account_no != account_no:
            raise NotFound("disconnection.none")
        reason = request.form.get("call_off_reason", "")
        calling_off.by_the_desk(g.session, disconnection_id, reason, by=asker_id())
        return _("取消了。")

    return _done(account_no, deed)


@blueprint.post("/<account_no>/protect")
def protect(account_no: str) -> ResponseReturnValue:
    """Protect the account; what was planned for it is off."""

    def deed() -> str:
        given = request.form
        note = given.get("protect_note", "")
        protecting.protect(
            g.session, account_no, given.get("why", ""), _until(), note, by=asker_id()
        )
        return _("标上了，这一户不停电。")

    return _done(account_no, deed)


@blueprint.post("/<account_no>/release")
def release(account_no: str) -> ResponseReturnValue:
    def deed() -> str:
        note = request.form.get("release_note", "")
        protecting.release(g.session, account_no, note, by=asker_id())
        return _("保护去掉了。")

    return _done(account_no, deed)


@in_words(deciding.KIND)
def _instalments(session: Session, approval: Approval) -> Asked:
    """What whoever agrees to instalments must know."""
    found = session.get_one(Arrangement, int(approval.subject))
    return Asked(
        _(
            "分 %(count)s 次缴 %(amount)s",
            count=len(found.parts),
            amount=formats.amount(found.total_fen),
        ),
        [
            (_("户号"), formats.grouped(found.account_no)),
            (_("第一次"), formats.day(found.parts[0].day)),
            (_("最后一次"), formats.day(found.parts[-1].day)),
            (_("客户说"), found.reason or ""),
        ],
        url_for("desk_arrears.show", account_no=found.account_no),
    )


@in_words(planning.KIND)
def _disconnection(session: Session, approval: Approval) -> Asked:
    """What whoever approves a disconnection must know."""
    found = session.get_one(Disconnection, int(approval.subject))
    return Asked(
        _("欠费停电，%(at)s", at=formats.moment(found.at)),
        [
            (_("户号"), formats.grouped(found.account_no)),
            (_("逾期的电费"), formats.amount(found.overdue_fen)),
            (_("状态"), str(telling.DISCONNECTIONS[found.state][0])),
        ],
        url_for("desk_arrears.show", account_no=found.account_no),
    )


def _done(account_no: str, deed: Deed) -> ResponseReturnValue:
    """Do it and show the account again, or say why not, with what was typed. Raises NotFound."""
    account = opening.account(g.session, account_no)
    try:
        with g.session.begin_nested():
            said = deed()
    except NotFound:
        raise
    except Refused as refusal:
        trail.seen(account_no, "", looking.LOOKED)
        return looking.page(account, refusal), 409
    flash(said)
    return redirect(url_for(".show", account_no=account_no), 303)


def _arrangement(account_no: str, arrangement_id: int) -> None:
    """Raises NotFound for one of another account."""
    found = g.session.get(Arrangement, arrangement_id)
    if found is None or found.account_no != account_no:
        raise NotFound("arrangement.none")


def _moment() -> datetime:
    """The day and hour of a plan. Raises Refused("disconnection.hour")."""
    try:
        day = date.fromisoformat(request.form.get("day", ""))
        return planning.moment(day, int(request.form.get("hour", "")))
    except ValueError as error:
        raise Refused("disconnection.hour") from error


def _until() -> date | None:
    """The last day of a protection; empty is for good. Raises Refused("protection.until")."""
    typed = request.form.get("until", "").strip()
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError as error:
        raise Refused("protection.until") from error
