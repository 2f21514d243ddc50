"""The inbox: what a user is told in the portal itself, each thing once.

Kept are what happened and its figures, sealed; the words are made when it is read, in the
language of whoever reads (`portal/inbox/saying.py`). Who writes into an inbox names a key, and
the same key again is the same message.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Subquery,
    delete,
    exists,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from notifications.models import InboxMessage
from runtime import clock
from runtime.errors import NotFound
from runtime.questions import asked
from service.models import User

PAGE = 30
KEPT = timedelta(days=400)
"""How long a message can be read again: a year and a month."""


@dataclass(frozen=True)
class Told:
    """A message as it is kept: what happened, its figures, and whether it was read."""

    id: int
    user_id: int
    key: str
    kind: str
    params: dict[str, Any]
    at: datetime
    is_read: bool


def put(
    session: Session,
    user_id: int,
    key: str,
    kind: str,
    params: Mapping[str, Any],
    at: datetime | None = None,
) -> bool:
    """Tell a user something; `params` must be JSON. With a key that is known: False, nothing."""
    row = {"user_id": user_id, "key": key, "kind": kind, "at": at or clock.now()}
    written = insert(InboxMessage).values(**row, params=_written(params))
    is_new = written.on_conflict_do_nothing().returning(InboxMessage.id)
    return session.scalar(is_new) is not None


def put_to_all(
    session: Session,
    users: Subquery,
    key: str,
    kind: str,
    params: Mapping[str, Any],
    at: datetime,
) -> None:
    """Tell all `users` (a column `user_id`) the same, in one statement."""
    columns = InboxMessage.__table__.c
    figures = literal(_written(params), columns.params.type)
    rows = select(users.c.user_id, literal(key), literal(kind), figures, literal(at))
    written = insert(InboxMessage).from_select(["user_id", "key", "kind", "params", "at"], rows)
    session.execute(written.on_conflict_do_nothing())


def put_to_staff(
    session: Session,
    whom: ColumnElement[bool],
    key: str,
    kind: str,
    params: Mapping[str, Any],
) -> None:
    """Tell the same to those of the utility's own people who still work here."""
    works = User.staff_role.is_not(None), User.disabled_at.is_(None)
    staff = select(User.id.label("user_id")).where(whom, *works).subquery()
    put_to_all(session, staff, key, kind, params, clock.now())


def put_rows(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Tell many people something of their own; `params` as they are kept. Known keys stay."""
    if rows:
        session.execute(insert(InboxMessage).on_conflict_do_nothing(), list(rows))


def page(
    session: Session, user_id: int, *, before: int | None = None, unread_only: bool = False
) -> list[Told]:
    """Messages to a user, the newest first, `PAGE` of them and one more when there are more."""
    query = select(InboxMessage).where(InboxMessage.user_id == user_id)
    if before is not None:
        query = query.where(InboxMessage.id < before)
    if unread_only:
        query = query.where(InboxMessage.read_at.is_(None))
    rows = session.scalars(query.order_by(InboxMessage.id.desc()).limit(PAGE + 1))
    return [_told(row) for row in rows]


def mark(session: Session, user_id: int, message_id: int, *, read: bool) -> Told:
    """Note that a message was read, or is to count as new. Raises NotFound."""
    found = session.scalars(
        select(InboxMessage).where(InboxMessage.id == message_id, InboxMessage.user_id == user_id)
    ).one_or_none()
    if found is None:
        raise NotFound("inbox.not_found")
    if read != (found.read_at is not None):
        found.read_at = clock.now() if read else None
    return _told(found)


def mark_all(session: Session, user_id: int, up_to: int) -> None:
    """Everything up to this message was read; what came while the page was open stays new."""
    _mark(session, user_id, InboxMessage.id <= up_to)


def mark_kind(session: Session, user_id: int, kind: str) -> None:
    """All of one kind was read, because the customer has seen the thing itself."""
    _mark(session, user_id, InboxMessage.kind == kind)


def mark_request(session: Session, user_id: int, request_no: str) -> None:
    """All about one request was read: whose it is has its page before their eyes."""
    about = InboxMessage.key.startswith(f"request:{request_no}:", autoescape=True)
    _mark(session, user_id, about)


def has_unread(session: Session, user_id: int, kind: str) -> bool:
    """Whether something of this kind waits to be read already."""
    waits = _unread(user_id) & (InboxMessage.kind == kind)
    return session.scalar(select(exists().where(waits))) or False


def is_unread() -> ColumnElement[bool]:
    """For a Question that knows `user_id`: whether anything is unread."""
    return exists().where(InboxMessage.user_id == asked("user_id"), InboxMessage.read_at.is_(None))


def forget(session: Session, before: datetime, *, most: int) -> int:
    """Forget what was told before then, so many at most, the oldest first; returns how many."""
    old = select(InboxMessage.id).where(InboxMessage.at < before).order_by(InboxMessage.at)
    statement = delete(InboxMessage).where(InboxMessage.id.in_(old.limit(most)))
    return cast(CursorResult[Any], session.execute(statement)).rowcount


def _mark(session: Session, user_id: int, these: ColumnElement[bool]) -> None:
    session.execute(update(InboxMessage).where(_unread(user_id), these).values(read_at=clock.now()))


def _unread(user_id: int) -> ColumnElement[bool]:
    return (InboxMessage.user_id == user_id) & InboxMessage.read_at.is_(None)


def _written(params: Mapping[str, Any]) -> str:
    return json.dumps(params, ensure_ascii=False)


def _told(row: InboxMessage) -> Told:
    params, is_read = json.loads(row.params), row.read_at is not None
    return Told(row.id, row.user_id, row.key, row.kind, params, row.at, is_read)
