"""What the field pages say: ways, places, and why something sent later no longer fitted."""

from urllib.parse import quote

from flask import g

from portal import formats, words
from portal.i18n import gettext as _
from portal.requests import saying
from portal.settings import current_settings
from runtime.errors import Refused
from service.field.jobs import Job
from service.field.models import FieldVisit
from service.models import User
from service.requests import moving
from service.requests.models import Request
from service.requests.route import Place


def way(metres: float) -> str:
    """`80 米`, `1.2 公里`, `14 公里`: as exact as a straight line is."""
    if metres < 995:
        return _("%(number)s 米", number=round(metres / 10) * 10)
    digits = 1 if metres < 9950 else 0
    return _("%(number)s 公里", number=f"{metres / 1000:.{digits}f}")


def colleague(person: User | None) -> str:
    """`周*宁（工号 0012）`, as customers may know one of the utility's people."""
    if person is None:
        return _("同事")
    name = formats.masked_name(person.name) or _("同事")
    return _("%(name)s（工号 %(number)s）", name=name, number=f"{person.id:04d}")


def geo(place: Place | None, address: str | None) -> str:
    """The place for the phone's own map (RFC 5870; the address for maps that take a name)."""
    if place is not None:
        return f"geo:{place}"
    return f"geo:0,0?q={quote(address or '')}"


def web_map(place: Place | None, address: str | None) -> str:
    """The place on the map of the settings; "" when it is not known or there is no map."""
    if place is None:
        return ""
    filled = {
        "{lat}": f"{place.lat:.6f}",
        "{lon}": f"{place.lon:.6f}",
        "{name}": quote(address or ""),
    }
    link = current_settings().field_map
    for name, value in filled.items():
        link = link.replace(name, value)
    return link


def due(job: Job) -> str:
    """By when the step was promised, or when the customer expects somebody."""
    if job.appointment is not None:
        return _(
            "约了 %(when)s",
            when=saying.window(job.appointment.starts_at, job.appointment.ends_at),
        )
    if job.request.due_at is None:
        return ""
    return _("说好 %(when)s 前", when=saying.until(job.request.due_at))


def refusal(visit: FieldVisit, request: Request) -> str:
    """Why a visit has moved nothing, and that it was kept, for whoever made it."""
    kept = _("您写的和拍的都记在这件事下面了，不用再交。")
    return formats.joined([why_not(visit, request), kept])


def why_not(visit: FieldVisit, request: Request) -> str:
    """Why a visit has moved nothing: who has done what meanwhile."""
    assert visit.refusal is not None  # noqa: S101 - asked of refused visits alone
    known = Refused(visit.refusal, what=saying.kind_name(request.kind), **_who(visit, request))
    return words.refusal_or_none(known) or words.refusal(Refused("field.no_longer"))


def step_name(request: Request, name: str) -> str:
    """What a step of a request is called."""
    found = next((each for each in moving.steps(request) if each.name == name), None)
    return saying.said(found.title) if found else name


def _who(visit: FieldVisit, request: Request) -> dict[str, str]:
    """Who holds the job now, and who did the step when."""
    done = next((each for each in request.events if each.step == visit.step), None)
    doer = g.session.get(User, done.by_id) if done and done.by_id else None
    holder = g.session.get(User, request.assignee_id) if request.assignee_id else None
    return {
        "holder": colleague(holder),
        "doer": colleague(doer) if doer else _("别人"),
        "when": formats.moment(done.at if done else request.updated_at),
        "step": step_name(request, visit.step),
    }
