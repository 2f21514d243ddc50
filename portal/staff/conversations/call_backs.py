"""`/desk/conversations/calls`: who is to be called back, and what came of it."""

from dataclasses import dataclass

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import formats
from portal.security import asker_id
from portal.staff.conversations import telling
from portal.staff.conversations.room import blueprint, reach
from portal.staff.frame import done
from service.conversations import calling
from service.conversations.desk import Case


@dataclass(frozen=True)
class Call:
    """A call back on the page: whoever has taken it on sees the whole number."""

    case: Case
    mine: bool

    @property
    def phone(self) -> str:
        number = self.case.handoff.phone or ""
        return number if self.mine else formats.masked_phone(number)


@blueprint.get("/calls")
def calls() -> ResponseReturnValue:
    """Those that nobody has taken on, and one's own; for leads, everybody's."""
    found = [
        Call(each, each.handoff.staff_id == asker_id())
        for each in calling.call_backs(g.session, reach())
    ]
    return render_template(
        "staff/conversations/calls.html",
        calls=found,
        most_note=calling.LONGEST_NOTE,
        tell=telling,
    )


@blueprint.post("/calls/<int:handoff_id>/take-on")
def take_on(handoff_id: int) -> ResponseReturnValue:
    """Call this one oneself, and see the number."""
    here = url_for(".calls")
    return done(lambda: calling.take_on(g.session, handoff_id, asker_id()), here, "", here)


@blueprint.post("/calls/<int:handoff_id>/leave")
def leave(handoff_id: int) -> ResponseReturnValue:
    here = url_for(".calls")
    return done(
        lambda: calling.leave(g.session, handoff_id, asker_id()), here, _("留给同事了。"), here
    )


@blueprint.post("/calls/<int:handoff_id>/called")
def called(handoff_id: int) -> ResponseReturnValue:
    here, note = url_for(".calls"), request.form.get("note", "")
    return done(
        lambda: calling.called(g.session, handoff_id, asker_id(), note), here, _("记下了。"), here
    )
