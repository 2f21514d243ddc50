"""Calls back: asked for while nobody sat at the desk, made by whoever takes them on."""

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session

from runtime import clock
from runtime.errors import Conflict
from service.conversations import notices
from service.conversations.desk import Case, cases
from service.conversations.handoff import handoff_of
from service.conversations.models import Handoff

LONGEST_NOTE = 500


def call_backs(session: Session, staff_id: int | None = None) -> list[Case]:
    """Who is to be called back, the longest first.

    Those that nobody has taken on and those of one member of staff, or all.
    """
    return cases(session, _to_call(staff_id))


def how_many(session: Session, staff_id: int | None = None) -> int:
    """How many `call_backs` there are."""
    return session.scalar(select(func.count()).where(_to_call(staff_id))) or 0


def take_on(session: Session, handoff_id: int, staff_id: int) -> Handoff:
    """Take a call back on oneself, so that nobody is called twice, and learn the number.

    Raises NotFound("handoff.not_found"), Conflict("handoff.taken"), Conflict("handoff.ended").
    """
    _, handoff = handoff_of(session, handoff_id)
    _require_standing(handoff)
    if handoff.staff_id not in (None, staff_id):
        raise Conflict("handoff.taken")
    handoff.staff_id = staff_id
    handoff.taken_at = handoff.taken_at or clock.now()
    session.flush()
    return handoff


def leave(session: Session, handoff_id: int, staff_id: int) -> None:
    """Leave a call back to others. Raises what `called` raises."""
    _, handoff = handoff_of(session, handoff_id)
    _require_own(handoff, staff_id)
    handoff.staff_id = handoff.taken_at = None
    session.flush()


def called(session: Session, handoff_id: int, staff_id: int, note: str = "") -> Handoff:
    """The customer has been called; `note` says what came of it. Done twice is done.

    Raises NotFound("handoff.not_found"), Conflict("handoff.not_yours"), Conflict("handoff.ended").
    """
    conversation, handoff = handoff_of(session, handoff_id)
    if handoff.state == "called" and handoff.staff_id == staff_id:
        return handoff
    _require_own(handoff, staff_id)
    handoff.state, handoff.ended_at = "called", clock.now()
    handoff.note = note.strip()[:LONGEST_NOTE] or None
    notices.note(session, conversation, notices.CALLED, staff_id)
    return handoff


def _to_call(staff_id: int | None) -> ColumnElement[bool]:
    whose = or_(Handoff.staff_id.is_(None), Handoff.staff_id == staff_id)
    return (Handoff.state == "callback") & (true() if staff_id is None else whose)


def _require_own(handoff: Handoff, staff_id: int) -> None:
    _require_standing(handoff)
    if handoff.staff_id != staff_id:
        raise Conflict("handoff.not_yours")


def _require_standing(handoff: Handoff) -> None:
    if handoff.state != "callback":
        raise Conflict("handoff.ended" if handoff.ended_at else "handoff.taken")
