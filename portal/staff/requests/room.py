"""The room itself, and what its pages ask: which queue one looks at, and whose one may touch."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from flask import g, request, url_for
from flask_babel import lazy_gettext as _l

from portal.requests.who import takes_photos
from portal.security import asker_id
from portal.staff.frame import AGENTS, desk
from service.desk import seats
from service.desk.queue import QUEUES, Mark, Queue, Wanted
from service.requests.kinds import kinds

ANY = "any"
"""In an address: every team, rather than one's own."""

blueprint = takes_photos(desk("requests", __name__, _l("工单"), AGENTS, icon="form"))


@dataclass(frozen=True)
class View:
    """The queue that a page is about, and where in it: as its address says."""

    wanted: Wanted
    after: Mark | None = None

    @property
    def place(self) -> dict[str, Any]:
        """What of an address leads to this part of this queue."""
        kept = {name: "yes" if value is True else value for name, value in self.wanted.kept.items()}
        mark = {"after": str(self.after)} if self.after else {}
        return {"team": ANY, **kept, **mark}

    def to(self, endpoint: str, **values: Any) -> str:
        """The address of a page that keeps to this queue."""
        return url_for(endpoint, **self.place, **values)

    def of(self, queue: Queue) -> "View":
        """Another queue, seen from its beginning."""
        return View(replace(self.wanted, queue=queue))

    def from_mark(self, mark: Mark | None) -> "View":
        return View(self.wanted, mark)

    @property
    def plain(self) -> "View":
        """The same queue with all that is in it."""
        return View(Wanted(self.wanted.queue, self.wanted.team))

    @cached_property
    def is_narrowed(self) -> bool:
        wanted = self.wanted
        return bool(wanted.kind or wanted.urgent or wanted.person)


def view() -> View:
    """What the address asks for; what it names that does not exist is left out."""
    given = request.args
    queue = given.get("queue")
    wanted = Wanted(
        queue=queue if queue in QUEUES else "team",
        team=_team(given.get("team")),
        kind=given["kind"] if given.get("kind") in {each.name for each in kinds()} else None,
        person=given.get("person", type=int),
        urgent=given.get("urgent") == "yes",
    )
    return View(wanted, _mark(given.get("after", "")))


def _team(given: str | None) -> str | None:
    if given in seats.TEAMS:
        return given
    return None if given == ANY else seat()


def seat() -> str | None:
    """The team on whose queue the asker works; asked for once."""
    if "seat" not in g:
        g.seat = seats.team_of(g.session, asker_id())
    found: str | None = g.seat
    return found


def _mark(given: str) -> Mark | None:
    try:
        return Mark.read(given) if given else None
    except ValueError:
        return None
