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
from service.requests.models import Request, RequestEvent

FOLLOW_NETWORK = Limit("follow.network", 30, timedelta(minutes=15), "network.locked", exact=False)
BEGINNINGS = ("opened", "reopened")
FOLLOW_NUMBER = Limit("follow.number", 10, timedelta(days=1), "request.too_many")


@dataclass(frozen=True)
class StepTaken:
    """A step of a request's timeline: promised for when, and reached when, if it was."""

    step: Step
    state: Literal["done", "now", "ahead", "off"]
    promised_at: datetime | None
    at: datetime | None
    event: RequestEvent | None = None
    """What brought the request there: by whom, with what note and form."""

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
    query = select(Request).where(Request.request_no == request_no, seen_by(asker))
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
    """The steps of this request, each with its promise and when it was reached.

    Of a request that ended on the way the steps that were not reached are off; of one that was
    opened again only what came after that counts.
    """
    ended = request.state in ("rejected", "cancelled")
    route = kind(request.kind).route(values(request))
    now = [each.name for each in route].index(request.step)
    events = _events_by_step(request)
    taken: list[StepTaken] = []
    for place, step in enumerate(route):
        ahead: Literal["done", "now", "ahead", "off"] = "now" if place == now + 1 else "ahead"
        promised = request.promises.get(step.name)
        event = events.get(step.name) if place <= now else None
        taken.append(
            StepTaken(
                step,
                "done" if place <= now else "off" if ended else ahead,
                datetime.fromisoformat(promised) if promised else None,
                event.at if event else None,
                event,
            )
        )
    return taken


def reached(request: Request) -> dict[str, datetime]:
    """When the steps up to the present one were reached."""
    return {step: event.at for step, event in _events_by_step(request).items()}


def began_at(request: Request) -> datetime:
    """When it was asked for, or opened again: from here its limits count."""
    begun = [each.at for each in request.events if each.code in BEGINNINGS]
    return begun[-1] if begun else request.opened_at


def rank_of(state: str) -> int:
    """The place of a status on the way; those that end it on the way stand before the first."""
    return STATUSES.index(state) if state in STATUSES else -1


def _events_by_step(request: Request) -> dict[str, RequestEvent]:
    """The event that first brought a request to each of its steps, since it (last) began.

    A step that was passed over came with the one after it.
    """
    events = list(request.events)
    first = max((at for at, each in enumerate(events) if each.code in BEGINNINGS), default=0)
    names = [each.name for each in kind(request.kind).route(values(request))]
    found: dict[str, RequestEvent] = {}
    for event in events[first:]:
        if event.step in names and event.code in (*BEGINNINGS, "moved"):
            for name in names[: names.index(event.step) + 1]:
                found.setdefault(name, event)
    return found


def seen_by(asker: Asker) -> ColumnElement[bool]:
    """What is theirs, and what this browser has shown a phone for."""
    own = _asked_by(asker)
    return own | Request.request_no.in_(asker.proven) if asker.proven else own


def _asked_by(asker: Asker) -> ColumnElement[bool]:
    if asker.user_id is not None:
        return Request.user_id == asker.user_id
    return (Request.asker == asker.name) & Request.user_id.is_(None)
