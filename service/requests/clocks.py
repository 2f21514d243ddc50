"""The clocks of all requests, looked at every minute: a warning before, an escalation after.

Each is said once for a promise, by the row's own mark, in the transaction that tells it. What is
late comes before other things and to whoever leads.
"""

from datetime import datetime

from sqlalchemy import and_
from sqlalchemy.orm import Session

from runtime import clock
from runtime.database import Database
from service.requests import telling
from service.requests.models import Request, RequestEvent
from service.requests.sweeping import sweep


def watch(database: Database) -> int:
    """Warn of what is due soon and escalate what is late; how many requests it was."""
    now = clock.now()
    over = and_(Request.due_at <= now, Request.late_at.is_(None))
    soon = and_(Request.warn_at <= now, Request.due_at > now, Request.warned_at.is_(None))
    return sweep(database, over, _escalate) + sweep(database, soon, _warn)


def _warn(session: Session, request: Request) -> bool:
    request.warned_at = clock.now()
    _write(session, request, "warned", request.warned_at)
    telling.due_soon(session, request)
    return True


def _escalate(session: Session, request: Request) -> bool:
    request.late_at, request.urgent = clock.now(), True
    _write(session, request, "late", request.late_at)
    telling.late(session, request)
    return True


def _write(session: Session, request: Request, code: str, now: datetime) -> None:
    event = {"code": code, "step": request.step, "state": request.state, "who": "clock"}
    session.add(RequestEvent(request_id=request.id, at=now, **event))
    session.flush()
