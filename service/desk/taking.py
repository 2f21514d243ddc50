"""Who has a request in hand: taken by oneself, or given from hand to hand."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import or_, select, true, update
from sqlalchemy.orm import Session

from runtime import clock
from runtime.errors import Conflict, NotFound
from service.models import User
from service.requests import moving, reading
from service.requests.models import Request

HANDS = ("agent", "lead", "field", "admin")
"""The roles of those who can have a request in hand."""


@dataclass(frozen=True)
class Handed:
    """How many of some requests changed hands, and how many were not the asker's to give."""

    changed: int
    left: int


def colleagues(session: Session) -> list[User]:
    """Whom a request may be given to."""
    query = select(User).where(User.staff_role.in_(HANDS), User.disabled_at.is_(None))
    return sorted(session.scalars(query), key=lambda each: (each.name or "", each.id))


def take(session: Session, request_no: str, me: int) -> None:
    """Take on what nobody has; of two who take it at once, one has it.

    Raises NotFound("request.not_found"), Conflict("desk.taken"), Conflict("request.moved_on") when
    it has ended.
    """
    free = or_(Request.assignee_id.is_(None), Request.assignee_id == me)
    taken = session.scalars(
        update(Request)
        .where(Request.request_no == request_no, Request.closed_at.is_(None), free)
        .values(assignee_id=me, updated_at=clock.now())
        .returning(Request.id)
    )
    if taken.one_or_none() is None:
        ended = reading.any_request(session, request_no).closed_at is not None
        raise Conflict("request.moved_on" if ended else "desk.taken")


def hand(
    session: Session, request_nos: Collection[str], to: int | None, me: int, *, lead: bool = False
) -> Handed:
    """Give requests to a colleague, or with None back into the queue.

    One gives what one has, and what nobody has; a lead gives everybody's. What has ended stays.
    Raises NotFound("person.not_found") for somebody who has no requests in hand.
    """
    if to is not None and to not in {each.id for each in colleagues(session)}:
        raise NotFound("person.not_found")
    mine = true() if lead else or_(Request.assignee_id.is_(None), Request.assignee_id == me)
    given = session.scalars(
        select(Request.request_no)
        .where(Request.request_no.in_(request_nos), Request.closed_at.is_(None), mine)
        .with_for_update()
    ).all()
    changed = moving.assign(session, given, to, by=me)
    return Handed(changed, len(set(request_nos)) - len(given))


def urge(session: Session, request_nos: Collection[str], urgent: bool, me: int) -> int:
    """Say of open requests that they are urgent, or no longer; how many there are."""
    open_ones = session.scalars(
        select(Request.request_no).where(
            Request.request_no.in_(request_nos), Request.closed_at.is_(None)
        )
    ).all()
    for request_no in open_ones:
        moving.urge(session, request_no, urgent, by=me)
    return len(open_ones)
