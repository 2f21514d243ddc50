"""The clocks of all requests, looked at every minute: a warning before, an escalation after.

Each is said once for a promise, by the row's own mark, in the transaction that tells it. What is
late comes before other things and to whoever leads.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from runtime import clock
from runtime.database import Database
from service.requests import telling
from service.requests.models import Request, RequestEvent

AT_ONCE = 200
"""Requests of one transaction, so that no lock is held for long."""


def watch(database: Database) -> int:
    """Warn of what is due soon and escalate what is late; how many requests it was."""
    now = clock.now()
    soon = Request.warn_at <= now, Request.due_at > now, Request.warned_at.is_(None)
    over = Request.due_at <= now, Request.late_at.is_(None)
    return _each(database, over, _escalate) + _each(database, soon, _warn)


def _each(
    database: Database,
    which: tuple[ColumnElement[bool], ...],
    deed: Callable[[Session, Request, datetime], None],
) -> int:
    """What another worker looks at is passed over; what is left over comes a minute later."""
    count = 0
    query = select(Request).where(Request.closed_at.is_(None), *which).order_by(Request.due_at)
    while True:
        with database.unit_of_work() as session:
            found = session.scalars(query.limit(AT_ONCE).with_for_update(skip_locked=True)).all()
            for each in found:
                deed(session, each, clock.now())
        count += len(found)
        if len(found) < AT_ONCE:
            return count


def _warn(session: Session, request: Request, now: datetime) -> None:
    request.warned_at = now
    _write(session, request, "warned", now)
    telling.due_soon(session, request)


def _escalate(session: Session, request: Request, now: datetime) -> None:
    request.late_at, request.urgent = now, True
    _write(session, request, "late", now)
    telling.late(session, request)


def _write(session: Session, request: Request, code: str, now: datetime) -> None:
    event = {"code": code, "step": request.step, "state": request.state, "who": "clock"}
    session.add(RequestEvent(request_id=request.id, at=now, **event))
    session.flush()
