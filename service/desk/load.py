"""How much lies before each team and person, and how well promises were kept: for those who lead.

Each table is one grouped question. The due day is the civil day in China.
"""

from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session

from runtime import clock
from service.models import User
from service.requests.models import Request, RequestEvent
from service.requests.ratings import LOW
from service.requests.talk_models import Rating

DAYS = 30
"""Of how many past days promises and ratings are told."""


@dataclass(frozen=True)
class Load:
    """What lies before a team or a person now. `late` are those due before now, `due_today` those
    due in what is left of the day; `paused` wait for their customers."""

    open: int
    due_today: int
    late: int
    paused: int
    urgent: int
    free: int

    def __add__(self, other: "Load") -> "Load":
        return Load(*(own + more for own, more in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True)
class Rated:
    """What customers said in the past days: how many, the sum of their 1 to 5, how many 1 or 2."""

    count: int
    total: int
    low: int

    @property
    def tenths(self) -> int:
        """The mean in tenths, half up: 43 is 4.3."""
        return (self.total * 20 + self.count) // (self.count * 2)


@dataclass(frozen=True)
class Kept:
    """Requests that were done in the past days, and how many of them were never late."""

    done: int
    kept: int

    @property
    def percent(self) -> int | None:
        """Whole percent, rounded down: only all of them are 100. None when there were none."""
        return self.kept * 100 // self.done if self.done else None


@dataclass(frozen=True)
class OfPerson:
    """A colleague with what they have in hand and what they have done."""

    person: User
    load: Load
    kept: Kept


NOTHING, NONE_DONE = Load(0, 0, 0, 0, 0, 0), Kept(0, 0)


def of_teams(session: Session) -> dict[str, Load]:
    """What is open, by team; a team with nothing is left out."""
    return _loads(session, Request.team)


def kept_by_team(session: Session) -> dict[str, Kept]:
    """What was done in the past days, by team."""
    return _kept(session, Request.team)


def rated_by_team(session: Session) -> dict[str, Rated]:
    """What customers said in the past days, by the team of their request."""
    query = (
        select(Request.team, func.count(), func.sum(Rating.score), _count(Rating.score <= LOW))
        .join(Request, Request.id == Rating.request_id)
        .where(Rating.at >= clock.now() - timedelta(days=DAYS))
        .group_by(Request.team)
    )
    return {row[0]: Rated(*row[1:]) for row in session.execute(query)}


def of_people(session: Session) -> list[OfPerson]:
    """Everybody who has or had something in hand, who has most first."""
    loads, done = _loads(session, Request.assignee_id), _kept(session, Request.assignee_id)
    named = session.scalars(select(User).where(User.id.in_({*loads, *done} - {None})))
    people = [
        OfPerson(each, loads.get(each.id, NOTHING), done.get(each.id, NONE_DONE)) for each in named
    ]
    return sorted(people, key=lambda each: (-each.load.late, -each.load.open, each.person.id))


def _loads(session: Session, by: Any) -> dict[Any, Load]:
    now = clock.now()
    sums = (
        func.count(),
        _count(and_(Request.due_at >= now, Request.due_at <= _end_of_day(now))),
        _count(Request.due_at < now),
        _count(Request.paused_at.is_not(None)),
        _count(Request.urgent.is_(True)),
        _count(Request.assignee_id.is_(None)),
    )
    query = select(by, *sums).where(Request.closed_at.is_(None)).group_by(by)
    return {row[0]: Load(*row[1:]) for row in session.execute(query)}


def _kept(session: Session, by: Any) -> dict[Any, Kept]:
    late = exists().where(RequestEvent.request_id == Request.id, RequestEvent.code == "late")
    query = (
        select(by, func.count(), _count(~late))
        .where(Request.closed_at >= clock.now() - timedelta(days=DAYS), Request.state == "done")
        .group_by(by)
    )
    return {row[0]: Kept(row[1], row[2]) for row in session.execute(query)}


def _count(holds: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(holds)


def _end_of_day(now: datetime) -> datetime:
    """Midnight belongs to the day that it ends: so are deadlines of whole days written."""
    return clock.civil_midnight(clock.civil_date(now) + timedelta(days=1))
