"""What colleagues have noted about a job, and what was said with its customer."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.desk import notes
from service.desk.models import RequestNote
from service.desk.notes import Noted
from service.models import User
from service.requests import talking
from service.requests.models import Request
from service.requests.talk_models import RequestMessage

LAST = 20
"""Notes and messages that are shown, the last ones."""


@dataclass(frozen=True)
class Said:
    """A message; `by` is the colleague who wrote it, None for the customer."""

    message: RequestMessage
    by: User | None


@dataclass(frozen=True)
class Heard:
    """Notes and messages, the oldest first."""

    notes: list[Noted]
    messages: list[Said]


def of_request(session: Session, request: Request) -> Heard:
    """The last of both. Nothing is marked as read: the desk answers."""
    messages = talking.messages(session, request)[-LAST:]
    people = {each.by_id for each in messages if each.by_id}
    known = {each.id: each for each in session.scalars(select(User).where(User.id.in_(people)))}
    return Heard(
        notes.notes(session, request)[-LAST:],
        [Said(each, known.get(each.by_id or 0)) for each in messages],
    )


def newest(session: Session, request_ids: Collection[int]) -> dict[int, str]:
    """A word for each request about which there is a note or message; a new one changes it."""
    noted = _newest(session, RequestNote, request_ids)
    said = _newest(session, RequestMessage, request_ids)
    return {each: f"{noted.get(each, 0)}-{said.get(each, 0)}" for each in noted.keys() | said}


def _newest(
    session: Session, model: type[RequestNote | RequestMessage], request_ids: Collection[int]
) -> dict[int, int]:
    query = select(model.request_id, func.max(model.id)).where(model.request_id.in_(request_ids))
    return dict(session.execute(query.group_by(model.request_id)).all())
