"""What colleagues write about requests for each other."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime import clock
from runtime.errors import Refused
from service.desk.models import RequestNote
from service.models import User
from service.requests.fields import visible
from service.requests.models import Request

LONGEST = 1000


@dataclass(frozen=True)
class Noted:
    """A note and who wrote it."""

    note: RequestNote
    by: User


def notes(session: Session, request: Request) -> list[Noted]:
    """What was noted about a request, the oldest first."""
    query = (
        select(RequestNote, User)
        .join(User, User.id == RequestNote.by_id)
        .where(RequestNote.request_id == request.id)
        .order_by(RequestNote.id)
    )
    return [Noted(*row) for row in session.execute(query)]


def note(session: Session, request_nos: Collection[str], text: str, key: str, *, by: int) -> int:
    """Write the same note on requests, once for a key; how many have it now that had not.

    Raises Refused("desk.note_missing"), Refused("desk.note_too_long").
    """
    said = visible(text)
    if not said:
        raise Refused("desk.note_missing")
    if len(said) > LONGEST:
        raise Refused("desk.note_too_long", most=LONGEST)
    about = list(session.scalars(select(Request.id).where(Request.request_no.in_(request_nos))))
    if not about:
        return 0
    same = {"by_id": by, "text": said, "key": key, "at": clock.now()}
    rows = [{"request_id": request_id, **same} for request_id in about]
    written = session.scalars(
        insert(RequestNote)
        .values(rows)
        .on_conflict_do_nothing(index_elements=["request_id", "key"])
        .returning(RequestNote.id)
    )
    return len(written.all())
