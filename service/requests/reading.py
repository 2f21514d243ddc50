"""Requests as those may see them who asked."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, selectinload

from runtime.errors import NotFound, Refused
from service.people import limits
from service.people.limits import Limit
from service.requests.askers import Asker
from service.requests.kinds import STATUSES, Field, Step, kind
from service.requests.models import Request

FOLLOW_NETWORK = Limit("follow.network", 30, timedelta(minutes=15), "network.locked", exact=False)
FOLLOW_NUMBER = Limit("follow.number", 10, timedelta(days=1), "request.too_many")


@dataclass(frozen=True)
class StepTaken:
    """A step of a request's timeline: promised for when, and reached when, if it was."""

    step: Step
    state: Literal["done", "now", "ahead", "off"]
    promised_at: datetime | None
    at: datetime | None

    @property
    def kept(self) -> bool | None:
        """Whether the promise was kept; None where nothing was promised or it is not reached."""
        if self.promised_at is None or self.at is None:
            return None
        return self.at <= self.promised_at


def list_requests(session: Session, asker: Asker, limit: int = 100) -> list[Request]:
    """What was asked, the newest first, with its events: where each stands is told by them."""
    query = select(Request).where(_asked_by(asker)).order_by(Request.id.desc()).limit(limit)
    return list(session.scalars(query.options(selectinload(Request.events))))


def request(
    session: Session, asker: Asker, request_no: str, *, for_update: bool = False
) -> Request:
    """The request of that number. Raises NotFound when it is not there for this asker."""
    query = select(Request).where(Request.request_no == request_no, _asked_by(asker))
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound("request.not_found")
    return found


def by_phone_tail(session: Session, request_no: str, tail: str, network: str) -> Request:
    """The request of whoever knows its number and how its phone ends, signed in or not.

    Raises Refused("request.tail_wrong") alike for an unknown number and another tail, and
    TooManyTries. What is wrong is counted, so the caller's transaction must be kept.
    """
    limits.require(session, FOLLOW_NETWORK, network)
    limits.require(session, FOLLOW_NUMBER, request_no)
    found = session.scalars(select(Request).where(Request.request_no == request_no)).one_or_none()
    known = found is not None and found.phone is not None and found.phone[-4:] == tail
    if found is None or not known:
        limits.count(session, FOLLOW_NETWORK, network)
        limits.count(session, FOLLOW_NUMBER, request_no)
        raise Refused("request.tail_wrong")
    return found


def any_request(session: Session, request_no: str) -> Request:
    """The request of that number, for a caller who has made sure that it may be seen.

    Raises NotFound.
    """
    found = session.scalars(select(Request).where(Request.request_no == request_no)).one_or_none()
    if found is None:
        raise NotFound("request.not_found")
    return found


def values(request: Request) -> dict[str, str]:
    """What was told, by the name of the field."""
    found: dict[str, str] = json.loads(request.fields)
    return found


def told(request: Request) -> list[tuple[Field, str]]:
    """The fields that were filled in, in the order of the kind."""
    known = values(request)
    return [(each, known[each.name]) for each in kind(request.kind).told if each.name in known]


def timeline(request: Request) -> list[StepTaken]:
    """The steps of the kind, each with its promise and when it was reached.

    A step that the core passed over was reached with the one after it. Of a request that ended
    on the way the steps that were not reached are off.
    """
    rank = _rank(request)
    ended = request.state in ("rejected", "cancelled")
    steps: list[StepTaken] = []
    for step in kind(request.kind).steps:
        reached = STATUSES.index(step.at) <= rank
        first = not reached and all(each.state == "done" for each in steps)
        state: Literal["done", "now", "ahead", "off"] = (
            "done" if reached else "off" if ended else "now" if first else "ahead"
        )
        promised = request.promises.get(step.name)
        steps.append(
            StepTaken(
                step,
                state,
                datetime.fromisoformat(promised) if promised else None,
                _reached_at(request, step) if reached else None,
            )
        )
    return steps


def _rank(request: Request) -> int:
    """The highest status that the request ever had, by its place among the statuses."""
    states = {each.state for each in request.events} | {request.state}
    return max(STATUSES.index(each) for each in STATUSES if each in states)


def _reached_at(request: Request, step: Step) -> datetime | None:
    least = STATUSES.index(step.at)
    return next(
        (
            each.at
            for each in request.events
            if each.state in STATUSES and STATUSES.index(each.state) >= least
        ),
        None,
    )


def _asked_by(asker: Asker) -> ColumnElement[bool]:
    if asker.user_id is not None:
        return Request.user_id == asker.user_id
    return (Request.asker == asker.name) & Request.user_id.is_(None)
