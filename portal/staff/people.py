"""`/desk/people`: who of the utility's own has which role; given, taken, closed."""

from collections.abc import Callable

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from portal import words
from portal.errors import status_of
from portal.security import asker_id
from portal.staff.asked import Asked, in_words
from portal.staff.frame import ADMINS, desk
from runtime.errors import NotFound, Refused
from service.approvals import Approval
from service.audit import MOST_REASON
from service.models import User
from service.people import staff
from service.people.staff import Given
from service.people.users import NAME_LENGTH

ROLES = {
    "agent": (_l("坐席"), _l("接待客户、收款、办工单")),
    "lead": (_l("班长"), _l("坐席和财务能做的，再加派活和审批；要两个人给")),
    "finance": (_l("财务"), _l("退款、对账、审批；要两个人给")),
    "field": (_l("外勤"), _l("手机上的上门单")),
    "inspector": (_l("督察"), _l("只看留痕：谁看了谁，为什么")),
    "admin": (_l("管理员"), _l("什么都能做，还管岗位；要两个人给")),
}
"""Each role in words: its name, and what it opens."""

blueprint = desk("people", __name__, _l("人员"), ADMINS, icon="person")


@blueprint.get("")
def index() -> ResponseReturnValue:
    """Everybody with a role."""
    found = staff.colleagues(g.session)
    return render_template("staff/people/index.html", colleagues=found, roles=ROLES)


@blueprint.route("/new", methods=["GET", "POST"])
def hire() -> ResponseReturnValue:
    """Give a role to a phone; somebody new has a password, which this page tells once."""
    if request.method == "GET":
        return _hiring()
    given = request.form
    try:
        came = staff.hire(
            g.session,
            given.get("phone", ""),
            given.get("name", ""),
            given.get("role", ""),
            given.get("reason", ""),
            by=asker_id(),
        )
    except Refused as refusal:
        return _hiring(words.refusal(refusal)), status_of(refusal)
    return _given(came)


@blueprint.get("/<int:user_id>")
def show(user_id: int) -> ResponseReturnValue:
    return _page(user_id)


@blueprint.post("/<int:user_id>/role")
def give(user_id: int) -> ResponseReturnValue:
    role, reason = request.form.get("role", ""), request.form.get("reason", "")
    return _changed(
        user_id, lambda: _given(staff.give(g.session, user_id, role, reason, by=asker_id()))
    )


@blueprint.post("/<int:user_id>/take")
def take(user_id: int) -> ResponseReturnValue:
    """Take the role, with which the person leaves the list."""

    def taken() -> ResponseReturnValue:
        staff.take(g.session, user_id, request.form.get("reason", ""), by=asker_id())
        flash(_("岗位收回了，已经登录的也都退出了。"))
        return redirect(url_for("desk_people.index"), 303)

    return _changed(user_id, taken)


@blueprint.post("/<int:user_id>/close")
def close(user_id: int) -> ResponseReturnValue:
    def closed() -> ResponseReturnValue:
        staff.close(g.session, user_id, request.form.get("reason", ""), by=asker_id())
        flash(_("停用了，已经登录的也都退出了。"))
        return redirect(url_for("desk_people.show", user_id=user_id), 303)

    return _changed(user_id, closed)


@blueprint.post("/<int:user_id>/password")
def password(user_id: int) -> ResponseReturnValue:
    """A new password, told on this page and never again."""

    def told() -> ResponseReturnValue:
        reason = request.form.get("reason", "")
        new = staff.new_password(g.session, user_id, reason, by=asker_id())
        return _page(user_id, password=new)

    return _changed(user_id, told)


@in_words(staff.KIND)
def _in_words(session: Session, approval: Approval) -> Asked:
    """Who is to have which role."""
    user = session.get_one(User, approval.params["user"])
    was = approval.params["was"]
    return Asked(
        _("给 %(name)s“%(role)s”的岗位", name=user.name, role=role_name(approval.params["role"])),
        [
            (_("手机号"), user.phone),
            (_("现在的岗位"), role_name(was) if was else _("还没有")),
        ],
        by=staff.APPROVERS,
    )


def role_name(role: str) -> str:
    """The name of a role."""
    return str(ROLES[role][0])


def _changed(user_id: int, change: Callable[[], ResponseReturnValue]) -> ResponseReturnValue:
    """Do it, or say on the person's page why not."""
    try:
        return change()
    except NotFound:
        raise
    except Refused as refusal:
        return _page(user_id, said=words.refusal(refusal)), status_of(refusal)


def _given(came: Given) -> ResponseReturnValue:
    """What became of a role that was to be given."""
    if came.password is not None:
        return render_template("staff/people/hired.html", came=came)
    if came.approval is not None:
        flash(_("申请好了，等班长或另一位管理员批。"))
        return redirect(url_for("desk_people.index"), 303)
    flash(_("岗位给好了。已经登录的要重新登录。"))
    return redirect(url_for("desk_people.show", user_id=came.user_id), 303)


def _hiring(said: str | None = None) -> str:
    return render_template(
        "staff/people/new.html",
        said=said,
        given=request.form,
        roles=ROLES,
        most_reason=MOST_REASON,
        most_name=NAME_LENGTH,
    )


def _page(user_id: int, said: str | None = None, password: str | None = None) -> str:
    return render_template(
        "staff/people/show.html",
        person=staff.colleague(g.session, user_id),
        own=user_id == asker_id(),
        said=said,
        password=password,
        given=request.form,
        roles=ROLES,
        most_reason=MOST_REASON,
    )
