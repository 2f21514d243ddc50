"""`/desk/load`: how much lies before each team and person, for those who lead."""

from dataclasses import dataclass
from functools import cached_property

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.security import asker_id
from portal.staff.frame import LEADS, desk, done
from portal.staff.requests import telling
from portal.staff.requests.room import View
from service.desk import load, seats
from service.desk.load import NONE_DONE, NOTHING, Kept, Load, OfPerson, Rated
from service.desk.queue import Queue, Wanted
from service.requests import ratings
from service.requests.ratings import LowRating

blueprint = desk("load", __name__, _l("班组"), LEADS, icon="meter")


@dataclass(frozen=True)
class OfTeam:
    """A team with what lies before it, what it has done, and what customers thought."""

    team: str
    load: Load
    kept: Kept
    rated: Rated | None


class Board:
    """All tables of the page; each is asked for once."""

    @cached_property
    def teams(self) -> list[OfTeam]:
        loads, kept = load.of_teams(g.session), load.kept_by_team(g.session)
        rated = load.rated_by_team(g.session)
        return [
            OfTeam(team, loads.get(team, NOTHING), kept.get(team, NONE_DONE), rated.get(team))
            for team in seats.TEAMS
        ]

    @cached_property
    def all(self) -> Load:
        return sum((each.load for each in self.teams), NOTHING)

    @cached_property
    def people(self) -> list[OfPerson]:
        return load.of_people(g.session)

    @cached_property
    def unhappy(self) -> list[LowRating]:
        """Customers who were not content, whom nobody has answered for yet."""
        return ratings.low(g.session)


@blueprint.get("")
def index() -> ResponseReturnValue:
    """Open, due today, late, promises kept and ratings: by team and by person."""
    return render_template(
        "staff/load.html",
        board=Board(),
        tell=telling,
        days=load.DAYS,
        to=_address,
        longest=ratings.LONGEST,
    )


@blueprint.post("/ratings/<int:rating_id>")
def follow_up(rating_id: int) -> ResponseReturnValue:
    """Say what came of a low mark; it leaves the list."""
    here, words = url_for(".index"), request.form.get("done", "")
    return done(
        lambda: ratings.follow_up(g.session, rating_id, words, by=asker_id()),
        here,
        _("记下了。"),
        here,
    )


def _address(queue: Queue, team: str | None = None, person: int | None = None) -> str:
    """The queue that a figure counts."""
    return View(Wanted(queue, team, person=person)).to("desk_requests.index")
