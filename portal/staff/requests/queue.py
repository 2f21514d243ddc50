"""`/desk/requests`: whose turn it is, by the clock."""

import secrets
from dataclasses import dataclass
from functools import cached_property

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.requests import saying
from portal.security import asker_id
from portal.staff.frame import done, leads
from portal.staff.requests import telling
from portal.staff.requests.room import View, blueprint, seat, view
from runtime.errors import NotFound
from service.desk import filters, notes, queue, seats, taking
from service.desk.models import QueueFilter
from service.desk.queue import Page, Queue, Wanted
from service.models import User
from service.people.typed import plain
from service.requests import reading, talking
from service.requests.kinds import kinds


@dataclass(frozen=True)
class Sheet:
    """The queue as a page shows it: rows, counts beside the names, and what can be chosen."""

    view: View
    page: Page
    seat: str | None

    @cached_property
    def counts(self) -> dict[Queue, int]:
        return queue.counts(g.session, asker_id(), self.view.wanted)

    @cached_property
    def unread(self) -> dict[int, int]:
        """How many messages of their customers nobody has read, by the id of the request."""
        return talking.unread(g.session, [each.request.id for each in self.page.items], "staff")

    @cached_property
    def kept(self) -> list[QueueFilter]:
        return filters.kept(g.session, asker_id())

    @cached_property
    def colleagues(self) -> list[User]:
        return taking.colleagues(g.session)

    def of(self, each: QueueFilter) -> View:
        return View(Wanted.of(each.wanted))


@blueprint.get("")
def index() -> ResponseReturnValue:
    """Fifty requests of a queue, and the queues there are."""
    return page()


def page(said: str | None = None) -> str:
    """The queue; `said` is why something was not done, and what was ticked and typed stays."""
    here = view()
    found = queue.page(g.session, here.wanted, asker_id(), here.after)
    return render_template(
        "staff/requests/index.html",
        sheet=Sheet(here, found, seat()),
        here=here,
        kinds=kinds(),
        tell=telling,
        leads=leads(),
        me=asker_id(),
        saying=saying,
        said=said,
        typed=request.form,
        ticked=request.form.getlist("no"),
        key=secrets.token_urlsafe(12),
        longest_name=filters.LONGEST_NAME,
        longest_note=notes.LONGEST,
    )


@blueprint.post("/seat")
def sit() -> ResponseReturnValue:
    """Work on another team's queue from now on."""
    team = request.form.get("team", "")
    here = url_for(".index")
    return done(lambda: seats.sit(g.session, asker_id(), team), here, "", here)


@blueprint.post("/find")
def find() -> ResponseReturnValue:
    """Straight to a request by its number; all else is looked for among the customers."""
    number = plain(request.form.get("q", "")).upper()
    try:
        found = reading.any_request(g.session, number)
    except NotFound:
        return redirect(url_for("desk_customers.find"), 307)
    return redirect(url_for(".show", request_no=found.request_no), 303)


@blueprint.get("/choose")
def choose() -> ResponseReturnValue:
    """The form above the queue leads here, so that the address of a queue stays short."""
    return redirect(view().to(".index"), 303)
