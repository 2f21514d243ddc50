"""The slip of a visit as the worker has it: to print, to save, to send to the customer."""

from flask import g, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import formats
from portal.field import paper, saying
from portal.field.room import blueprint
from portal.files import attachment
from portal.requests import saying as requests_saying
from portal.security import asker_id
from portal.staff import trail
from portal.staff.frame import done
from runtime import clock
from service.field import handing, jobs
from service.field.models import FieldVisit
from service.requests import talking
from service.requests.models import Request

Found = tuple[FieldVisit, Request]


@blueprint.get("/jobs/<request_no>/visits/<int:visit_id>")
def slip(request_no: str, visit_id: int) -> ResponseReturnValue:
    """The slip, and what can be done with it."""
    return _page(handing.of_worker(g.session, asker_id(), request_no, visit_id))


@blueprint.get("/jobs/<request_no>/visits/<int:visit_id>.pdf")
def slip_pdf(request_no: str, visit_id: int) -> ResponseReturnValue:
    """The slip as a file."""
    return pdf(handing.of_worker(g.session, asker_id(), request_no, visit_id))


@blueprint.post("/jobs/<request_no>/visits/<int:visit_id>/send")
def hand_over(request_no: str, visit_id: int) -> ResponseReturnValue:
    """Send the customer a message with the slip; again sends nothing."""
    visit, made = handing.of_worker(g.session, asker_id(), request_no, visit_id)
    back = url_for(".slip", request_no=request_no, visit_id=visit_id)
    return done(lambda: _send(visit, made), back, _("发给客户了。"), back)


def latest(request_no: str) -> ResponseReturnValue:
    """The newest slip that the asker has of a request. Raises NotFound."""
    return _page(handing.of_worker(g.session, asker_id(), request_no))


def pdf(found: Found) -> ResponseReturnValue:
    """The file of a slip, for whoever may see it."""
    from portal.field.pdf import slip_pdf as written  # here: a second to load, and few ask for it

    visit, made = found
    content = written(paper.slip(visit, made), visit.signature)
    return attachment(content, "application/pdf", f"{made.request_no}-{visit.id}.pdf")


def _send(visit: FieldVisit, made: Request) -> None:
    link = url_for("slips.show", request_no=made.request_no, visit_id=visit.id)
    text = _(
        "现场服务单：%(step)s，%(at)s。点开看，也可以存下来。",
        step=saying.step_name(made, visit.step),
        at=formats.full_moment(visit.done_at),
    )
    talking.answer(g.session, made.request_no, text, asker_id(), f"slip-{visit.id}", link)
    visit.slip_sent_at = visit.slip_sent_at or clock.now()


def _page(found: Found) -> str:
    visit, made = found
    trail.seen(made.account_no or made.request_no, "", made.request_no)
    return render_template(
        "field/slip.html",
        slip=paper.slip(visit, made),
        signature=visit.signature,
        visit=visit,
        made=made,
        own=True,
        onward=jobs.onward(g.session, asker_id(), made),
        words=requests_saying,
        refusal=saying.refusal(visit, made) if visit.refusal else None,
        may_send=visit.refusal is None and talking.may_talk(made),
    )
