"""`/desk/requests/<number>`: one request, what is to be done with it next, and who it is about."""

import secrets
from dataclasses import dataclass
from functools import cached_property

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from portal.outages import saying as outages
from portal.requests import saying
from portal.security import asker_id
from portal.staff import trail
from portal.staff.frame import leads
from portal.staff.requests import glance, telling
from portal.staff.requests.glance import Glance
from portal.staff.requests.room import View, blueprint, view
from portal.unit import database
from service.conversations.saying import LONGEST
from service.desk import looking, notes, queue, taking
from service.desk.notes import Noted
from service.desk.queue import Item
from service.models import User
from service.outages import finding
from service.outages.finding import OutageView
from service.requests import appointments, joining, moving, ratings, reading, talking
from service.requests.appointments import Slot
from service.requests.kinds import Document, Step, kind
from service.requests.models import Request, RequestEvent
from service.requests.reading import Round, StepTaken
from service.requests.talk_models import Appointment, Rating, RequestMessage

LAST = 2**63 - 1
"""Every message that there is: the page shows them all."""


@dataclass(frozen=True)
class Case:
    """A request as its page shows it, with all that may be done to it now."""

    view: View
    request: Request

    @cached_property
    def deeds(self) -> frozenset[str]:
        return moving.deeds(self.request)

    @cached_property
    def next(self) -> Step | None:
        return moving.next_step(self.request)

    @property
    def standing(self) -> str:
        """Changes when something has happened that a page from before does not show."""
        last = self.messages[-1].id if self.messages else 0
        return f"{self.request.updated_at.isoformat()} {last}"

    @property
    def step(self) -> Step | None:
        """The step that the desk may bring it to now; the customer's and the core's are theirs."""
        return self.next if self.is_ours and "complete" in self.deeds else None

    @property
    def is_ours(self) -> bool:
        return self.next is not None and self.next.who in ("desk", "field")

    @property
    def needs(self) -> str | None:
        """What the customer is asked for while the clock stands."""
        open_ones = [each.needs for each in self.request.pauses if each.until is None]
        return open_ones[0] if open_ones else None

    @property
    def refusal(self) -> str | None:
        """Why it was not accepted, once it was not."""
        if self.request.state != "rejected":
            return None
        return next((e.note for e in reversed(self.request.events) if e.code == "rejected"), None)

    @property
    def back(self) -> RequestEvent | None:
        """When and why the customer had it opened again, while it is."""
        if self.request.closed_at is not None or not self.request.reopened:
            return None
        return next((e for e in reversed(self.request.events) if e.code == "reopened"), None)

    @property
    def last_answer(self) -> Round | None:
        """What came of it the time before."""
        return next(iter(reading.earlier(self.request)), None) if self.back else None

    @cached_property
    def timeline(self) -> list[StepTaken]:
        return reading.timeline(self.request)

    @cached_property
    def messages(self) -> list[RequestMessage]:
        return talking.messages(g.session, self.request)

    @property
    def may_talk(self) -> bool:
        return talking.may_talk(self.request)

    @cached_property
    def notes(self) -> list[Noted]:
        return notes.notes(g.session, self.request)

    @property
    def documents(self) -> tuple[Document, ...]:
        """The papers that may be asked for; none once it has ended, for then none is taken."""
        if self.request.closed_at is not None:
            return ()
        return kind(self.request.kind).papers(reading.values(self.request))

    @cached_property
    def near(self) -> int:
        """Households of the same transformer area that reported a failure too, of none known."""
        of_outage = kind(self.request.kind).outage and self.request.outage_no is None
        return joining.near(g.session, self.request) if of_outage else 0

    @cached_property
    def outage(self) -> OutageView | None:
        number = self.request.outage_no
        return finding.find(g.session, number) if number else None

    @cached_property
    def rating(self) -> Rating | None:
        return ratings.rating(g.session, self.request) if self.request.closed_at else None

    @cached_property
    def visit(self) -> Appointment | None:
        return appointments.current(g.session, self.request)

    @cached_property
    def visit_step(self) -> Step | None:
        return appointments.visit_step(self.request)

    @cached_property
    def slots(self) -> list[Slot]:
        return appointments.offered(g.session, self.request, staff=True)

    @cached_property
    def glance(self) -> Glance:
        return glance.of(g.session, self.request)

    @property
    def item(self) -> Item:
        return Item(self.request, self.glance.account, self.person(self.request.assignee_id))

    @cached_property
    def beside(self) -> list[Item]:
        return queue.beside(g.session, self.view.wanted, asker_id(), self.request)

    @cached_property
    def colleagues(self) -> list[User]:
        return taking.colleagues(g.session)

    @cached_property
    def others(self) -> list[User]:
        return looking.others(g.session, self.request, asker_id())

    @cached_property
    def people(self) -> dict[int, User]:
        """Everybody of the utility's own who is named on the page."""
        spoke = [each.by_id for each in self.messages]
        acted = [each.by_id for each in self.request.events]
        ids = {each for each in (*spoke, *acted, self.request.assignee_id) if each is not None}
        found = g.session.scalars(select(User).where(User.id.in_(ids))) if ids else []
        return {each.id: each for each in found}

    def person(self, user_id: int | None) -> User | None:
        return self.people.get(user_id) if user_id is not None else None


@blueprint.get("/<request_no>")
def show(request_no: str) -> ResponseReturnValue:
    """The case. Who opens it has seen a customer, and colleagues see that it is open."""
    found = reading.any_request(g.session, request_no)
    trail.seen(found.account_no or request_no, "", about=request_no)
    _look(found)
    return page(found)


@blueprint.post("/<request_no>/phone")
def phone(request_no: str) -> ResponseReturnValue:
    """The same page with the whole number; who saw it stands in the trail."""
    found = reading.any_request(g.session, request_no)
    trail.did(trail.PHONE, request_no, "", about=request_no)
    return page(found, shows_phone=True)


@blueprint.post("/<request_no>/look")
def look(request_no: str) -> ResponseReturnValue:
    """The page is still open: who else has it, and whether anything has happened meanwhile."""
    found = reading.any_request(g.session, request_no)
    _look(found)
    case = Case(view(), found)
    seen = request.form.get("seen", "")
    return render_template(
        "staff/requests/_others.html",
        case=case,
        tell=telling,
        seen=seen,
        stale=seen != case.standing,
    )


def page(found: Request, said: str | None = None, *, shows_phone: bool = False) -> str:
    """The case; `said` is why something was not done, and what was typed stays."""
    case = Case(view(), found)
    return render_template(
        "staff/requests/case.html",
        case=case,
        made=found,
        here=case.view,
        saying=saying,
        tell=telling,
        outages=outages,
        said=said,
        shows_phone=shows_phone,
        typed=request.form,
        leads=leads(),
        me=asker_id(),
        key=secrets.token_urlsafe(12),
        seen=case.standing,
        longest=LONGEST,
        longest_note=moving.LONGEST_NOTE,
        longest_own=notes.LONGEST,
    )


def _look(found: Request) -> None:
    """In a transaction of its own: a page that only looks cannot write otherwise."""
    with database().unit_of_work() as own:
        looking.look(own, found, asker_id())
        talking.mark_read(own, found.id, "staff", LAST)
