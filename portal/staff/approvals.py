"""`/desk/approvals`: what waits for a second person, of every room."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from portal import words
from portal.security import asker_id
from portal.staff import asked
from portal.staff.asked import Asked
from portal.staff.frame import FINANCE, desk
from runtime.errors import Forbidden, Refused
from service import approvals
from service.approvals import Approval
from service.models import User

MOST_NOTE = 200

blueprint = desk("approvals", __name__, _l("审批"), FINANCE, icon="tick")


@dataclass(frozen=True)
class Waiting:
    """A request on the page; one's own waits for somebody else."""

    approval: Approval
    asked: Asked
    asker: User
    own: bool

    @property
    def is_mine(self) -> bool:
        """Whether the asker's role may decide it."""
        return self.asked.by is None or current_user.staff_role in self.asked.by


@blueprint.get("")
def index() -> ResponseReturnValue:
    """All that waits, the oldest first."""
    found = [_waiting(each) for each in approvals.waiting(g.session)]
    return render_template("staff/approvals.html", waiting=found, most_note=MOST_NOTE)


@blueprint.post("/<int:approval_id>/approve")
def approve(approval_id: int) -> ResponseReturnValue:
    def decide() -> None:
        _claim(approval_id)
        approvals.approve(g.session, approval_id, by=asker_id())

    return _decided(decide, _("批了。"))


@blueprint.post("/<int:approval_id>/decline")
def decline(approval_id: int) -> ResponseReturnValue:
    note = request.form.get("note", "").strip()[:MOST_NOTE]
    if not note:
        flash(_("不批要写一句为什么。"), "bad")
        return redirect(url_for("desk_approvals.index"), 303)

    def decide() -> None:
        _claim(approval_id)
        approvals.decline(g.session, approval_id, note, by=asker_id())

    return _decided(decide, _("没有批。"))


@blueprint.post("/<int:approval_id>/withdraw")
def withdraw(approval_id: int) -> ResponseReturnValue:
    return _decided(
        lambda: approvals.withdraw(g.session, approval_id, by=asker_id()), _("收回了。")
    )


def _claim(approval_id: int) -> None:
    """Raises NotFound, and Forbidden("approval.role") where the asker's role may not decide."""
    if not _waiting(approvals.one(g.session, approval_id)).is_mine:
        raise Forbidden("approval.role")


def _decided(decide: Callable[[], object], said: str) -> ResponseReturnValue:
    """Do it, or say why not; either way back to what still waits."""
    try:
        decide()
    except Refused as refusal:
        flash(words.refusal(refusal), "bad")
    else:
        flash(said)
    return redirect(url_for("desk_approvals.index"), 303)


def _waiting(approval: Approval) -> Waiting:
    asker = g.session.get_one(User, approval.asked_by)
    return Waiting(approval, asked.tell(g.session, approval), asker, asker.id == asker_id())
