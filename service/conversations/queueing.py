"""The queue of those who wait for a person: places, and how long a place has lately taken."""

from datetime import datetime, timedelta
from math import ceil
from statistics import median

from sqlalchemy import case, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from runtime import clock
from service.conversations.models import EMERGENCY, Handoff

RECENT = timedelta(hours=3)
MOST_RECENT = 20
FEWEST_RECENT = 3
"""Fewer waits than that say nothing about the next one."""


URGENT = case((Handoff.reason == EMERGENCY, 0), else_=1)
"""Danger comes first; within that, whoever asked first."""


def ahead_of(session: Session, handoff: Handoff) -> int:
    """How many wait before this one."""
    own = (0 if handoff.reason == EMERGENCY else 1, handoff.asked_at, handoff.id)
    before = tuple_(URGENT, Handoff.asked_at, Handoff.id) < tuple_(*map(literal, own))
    counted = select(func.count()).where(Handoff.state == "waiting", before)
    return session.scalar(counted) or 0


def minutes_for(session: Session, ahead: int) -> int | None:
    """Minutes that a wait behind `ahead` others may take, at least 1; None when unknown.

    Each of the last handoffs tells how long one place took then: its wait, over the places it had
    to move up. The median of those is what a place takes now.
    """
    places = [
        (taken_at - asked_at).total_seconds() / 60 / (before + 1)
        for asked_at, taken_at, before in _recent(session)
    ]
    if len(places) < FEWEST_RECENT:
        return None
    return max(1, ceil(median(places) * (ahead + 1)))


def _recent(session: Session) -> list[tuple[datetime, datetime, int]]:
    """When each of the last taken was asked for and taken, and how many were before it."""
    other = aliased(Handoff)
    before = (
        select(func.count())
        .where(
            other.asked_at < Handoff.asked_at,
            or_(other.taken_at > Handoff.asked_at, other.taken_at.is_(None)),
            or_(other.ended_at > Handoff.asked_at, other.ended_at.is_(None)),
            other.state.not_in(("callback", "called")),
        )
        .scalar_subquery()
    )
    found = session.execute(
        select(Handoff.asked_at, Handoff.taken_at, before)
        .where(Handoff.taken_at > clock.now() - RECENT, Handoff.state.in_(("taken", "closed")))
        .order_by(Handoff.taken_at.desc())
        .limit(MOST_RECENT)
    )
    return [(asked_at, taken_at, count) for asked_at, taken_at, count in found]
