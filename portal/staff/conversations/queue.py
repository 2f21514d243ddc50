"""`/desk/conversations`: who waits, whom one attends to, and what customers said of it."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.security import asker_id
from portal.staff.conversations import telling
from portal.staff.conversations.room import blueprint, reach
from portal.staff.frame import done, leads
from service.conversations import calling, desk, transcript
from service.conversations.desk import Case


@dataclass(frozen=True)
class Queue:
    """The lists of the room as this member of staff may see them."""

    waiting: list[Case]
    mine: list[Case]
    others: list[Case]
    call_backs: int

    @property
    def digest(self) -> str:
        """Changes when what the page shows of it changes."""
        rows = [
            (each.handoff.id, each.unread, telling.waited(_since(each)), telling.is_urgent(each))
            for each in (*self.waiting, *self.mine, *self.others)
        ]
        return sha256(repr((rows, self.call_backs)).encode()).hexdigest()[:16]


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The queue, and the last ratings: one's own, or for a lead everybody's."""
    return render_template(
        "staff/conversations/index.html",
        queue=_queue(),
        rated=desk.rated(g.session, reach()),
        tell=telling,
        leads=leads(),
    )


@blueprint.post("/queue")
def look() -> ResponseReturnValue:
    """The queue as it is now; nothing when it is still as the page has it.

    Looking is a deed: what customers have written has now reached this desk.
    """
    transcript.mark_fetched(g.session, asker_id())
    queue = _queue()
    if request.form.get("seen") == queue.digest:
        return "", 204
    return render_template("staff/conversations/_queue.html", queue=queue, tell=telling, again=True)


@blueprint.post("/<int:handoff_id>/take")
def take(handoff_id: int) -> ResponseReturnValue:
    """Attend to somebody who waits; a colleague may have been quicker."""
    return done(
        lambda: desk.take(g.session, handoff_id, asker_id()),
        url_for(".show", handoff_id=handoff_id),
        "",
        url_for(".index"),
    )


def _queue() -> Queue:
    talks, own = desk.held(g.session, reach()), asker_id()
    return Queue(
        waiting=desk.queue(g.session),
        mine=[each for each in talks if each.handoff.staff_id == own],
        others=[each for each in talks if each.handoff.staff_id != own],
        call_backs=calling.how_many(g.session, reach()),
    )


def _since(case: Case) -> datetime:
    return case.handoff.taken_at or case.handoff.asked_at
