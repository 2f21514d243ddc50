"""When somebody leaves, nothing stays in their hands: it waits for whoever takes it next."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from runtime import clock
from service.conversations import Handoff, calling, desk
from service.desk.taking import HANDS
from service.people.events import RoleChanged
from service.requests.models import Request

TALKS = ("agent", "lead", "admin")
"""Roles that talk with customers."""


def give_back(session: Session, event: RoleChanged) -> None:
    """Open requests, talks and call backs go back to their queues, unless the role still has some.

    Who goes out to the field has no talks any more, but keeps their requests.
    """
    if event.role not in HANDS:
        _give_back_requests(session, event.user_id)
    if event.role not in TALKS:
        _give_back_talks(session, event.user_id)


def _give_back_requests(session: Session, user_id: int) -> None:
    session.execute(
        update(Request)
        .where(Request.assignee_id == user_id, Request.closed_at.is_(None))
        .values(assignee_id=None, updated_at=clock.now())
    )


def _give_back_talks(session: Session, user_id: int) -> None:
    for case in desk.held(session, user_id):
        desk.release(session, case.handoff.id, user_id)
    calls = (Handoff.state == "callback") & (Handoff.staff_id == user_id)
    for case in desk.cases(session, calls):
        calling.leave(session, case.handoff.id, user_id)
