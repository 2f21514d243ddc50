"""What customers thought in the end: one to five, and a word. Low marks come back to a lead."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime import clock, events
from runtime.errors import Conflict, NotFound, Refused
from service.events import RequestRated
from service.requests import reading
from service.requests.askers import Asker
from service.requests.fields import visible
from service.requests.models import Request
from service.requests.talk_models import Rating

LOW = 2
"""Marks up to this one come back to a lead."""
LONGEST = 500
RATED_WITHIN = timedelta(days=30)
"""How long after its end a request can be rated."""


class LowRating(NamedTuple):
    """A low mark that no lead has answered for yet, with its request."""

    rating: Rating
    request: Request


def may_rate(request: Request) -> bool:
    """Whether it has come to an end of ours, not long ago: what was taken back is not rated."""
    if request.closed_at is None or request.state == "cancelled":
        return False
    return request.closed_at + RATED_WITHIN > clock.now()


def rate(session: Session, asker: Asker, request_no: str, score: int, comment: str = "") -> Rating:
    """Store what the customer thought; the first word stays.

    Raises NotFound; Refused: "rating.stars", "message.too_long" (most); Conflict("rating.closed").
    """
    request = reading.request(session, asker, request_no)
    if not 1 <= score <= 5:
        raise Refused("rating.stars")
    words = visible(comment)
    if len(words) > LONGEST:
        raise Refused("message.too_long", most=LONGEST)
    if not may_rate(request):
        raise Conflict("rating.closed")
    statement = insert(Rating).values(
        request_id=request.id,
        round=request.reopened,
        score=score,
        comment=words or None,
        at=clock.now(),
    )
    new = session.scalars(statement.on_conflict_do_nothing().returning(Rating)).one_or_none()
    if new is not None:
        _tell(session, request, new)
    return new or session.scalars(_of(request)).one()


def rating(session: Session, request: Request) -> Rating | None:
    """What was said since the request last began."""
    return session.scalars(_of(request)).one_or_none()


def by_round(session: Session, request: Request) -> dict[int, Rating]:
    """What was said each time that it had come to an end, by how often it was opened again."""
    query = select(Rating).where(Rating.request_id == request.id)
    return {each.round: each for each in session.scalars(query)}


def low(session: Session, limit: int = 100) -> list[LowRating]:
    """The low marks that nobody has followed up, the oldest first."""
    query = (
        select(Rating, Request)
        .join(Request, Request.id == Rating.request_id)
        .where(Rating.score <= LOW, Rating.seen_at.is_(None))
        .order_by(Rating.at, Rating.id)
        .limit(limit)
    )
    return [LowRating(*row) for row in session.execute(query)]


def follow_up(session: Session, rating_id: int, done: str, *, by: int) -> Rating:
    """A lead has looked into a low mark; `done` says what came of it. The first answer stays.

    Raises NotFound("rating.not_found"), Refused("rating.followed_missing").
    """
    words = visible(done)[:LONGEST]
    if not words:
        raise Refused("rating.followed_missing")
    found = session.get(Rating, rating_id, with_for_update=True)
    if found is None:
        raise NotFound("rating.not_found")
    if found.seen_at is None:
        found.seen_at, found.seen_by, found.followed = clock.now(), by, words
        session.flush()
    return found


def since(session: Session, begin: datetime) -> list[int]:
    """How many marks of one, two, three, four and five were given since then."""
    query = select(Rating.score, func.count()).where(Rating.at >= begin).group_by(Rating.score)
    counted = dict(session.execute(query).all())
    return [counted.get(score, 0) for score in range(1, 6)]


def _of(request: Request) -> Select[Rating]:
    return select(Rating).where(Rating.request_id == request.id, Rating.round == request.reopened)


def _tell(session: Session, request: Request, new: Rating) -> None:
    events.publish(
        session,
        RequestRated(
            request_no=request.request_no,
            kind=request.kind,
            user_id=request.user_id,
            account_no=request.account_no,
            rating_id=new.id,
            score=new.score,
            low=new.score <= LOW,
        ),
    )
