"""Requests as those may see them who asked."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple

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
WORDS_ALONE = ("customer", "clock")
"""Who ends a request by a word or by silence: the steps in between were not taken."""
FOLLOW_NUMBER = Limit("follow.number", 10, timedelta(days=1), "request.too_many")


State = Literal["done", "now", "ahead", "off", "passed"]


@dataclass(frozen=True)
class StepTaken:
    """A step of a request's timeline: promised for when, and reached when, if it was.

    One that was `passed` was never taken: its request was ended without it, as it is not needed.
    """

    step: Step
    state: State
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

    @property
    def is_by_word(self) -> bool:
        """Whether its customer said that it is over, or said nothing: it was no work of ours."""
        return self.event is not None and _is_by_word(self.step, self.event)


class Round(NamedTuple):
    """A course that a request had come through before it was opened again.

    `number` counts from 0, as `Request.reopened`; `since` and `until` are when it was asked for and
    when it was opened again; `end` is what ended it.
    """

    number: int
    since: datetime
    until: datetime
    steps: list[StepTaken]
    end: RequestEvent


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
    opened again only what came after that counts. Nothing that is ahead is promised while a
    request waits for the end of an outage, nor what its customer ended without us.
    """
    route = kind(request.kind).route(values(request))
    now = [each.name for each in route].index(request.step)
    events = _events_by_step(route, _present(request))
    last = events.get(request.step)
    by_word = last is not None and _is_by_word(route[now], last)
    joined = is_joined(request)
    taken: list[StepTaken] = []
    for place, step in enumerate(route):
        event = events.get(step.name) if place <= now else None
        state = _state(request, place - now)
        is_passed = by_word and state == "done" and event is None
        is_vain = is_passed or (by_word and place == now) or (event is None and joined)
        promised = None if is_vain else request.promises.get(step.name)
        taken.append(
            StepTaken(
                step,
                "passed" if is_passed else state,
                datetime.fromisoformat(promised) if promised else None,
                event.at if event else None,
                event,
            )
        )
    return taken


def earlier(request: Request) -> list[Round]:
    """What came of a request each time before it was opened again, the latest first."""
    route = kind(request.kind).route(values(request))
    rounds = _rounds(request)
    found = []
    for number, (past, following) in enumerate(pairwise(rounds)):
        events = _events_by_step(route, past)
        steps = [
            StepTaken(step, "done", None, events[step.name].at, events[step.name])
            for step in route
            if step.name in events
        ]
        end = next((each for each in past if each.state in ("done", "rejected")), past[-1])
        found.append(Round(number, past[0].at, following[0].at, steps, end))
    return found[::-1]


def is_joined(request: Request) -> bool:
    """Whether it waits for the end of an outage: its clock stands till then."""
    open_still = request.closed_at is None and request.paused_at is not None
    return open_still and request.outage_no is not None


def reached(request: Request) -> dict[str, datetime]:
    """When the steps up to the present one were reached; those that were passed never were."""
    route = kind(request.kind).route(values(request))
    return {step: each.at for step, each in _events_by_step(route, _present(request)).items()}


def began_at(request: Request) -> datetime:
    """When it was asked for, or opened again: from here its limits count."""
    begun = [each.at for each in request.events if each.code in BEGINNINGS]
    return begun[-1] if begun else request.opened_at


def rank_of(state: str) -> int:
    """The place of a status on the way; those that end it on the way stand before the first."""
    return STATUSES.index(state) if state in STATUSES else -1


def _state(request: Request, ahead: int) -> State:
    """The state of a step so many steps ahead of the last that was reached."""
    if ahead <= 0:
        return "done"
    if request.state in ("rejected", "cancelled"):
        return "off"
    return "now" if ahead == 1 else "ahead"


def _rounds(request: Request) -> list[list[RequestEvent]]:
    """Its events, parted where it was opened again."""
    rounds: list[list[RequestEvent]] = []
    for event in request.events:
        if event.code in BEGINNINGS or not rounds:
            rounds.append([])
        rounds[-1].append(event)
    return rounds


def _present(request: Request) -> list[RequestEvent]:
    """Its events since it (last) began."""
    return next(reversed(_rounds(request)), [])


def _events_by_step(
    route: Sequence[Step], events: Sequence[RequestEvent]
) -> dict[str, RequestEvent]:
    """The event that first brought a request to each step that it reached.

    A step that the core passed over came with the one after it; what the customer's word passed
    over did not come.
    """
    names = [each.name for each in route]
    found: dict[str, RequestEvent] = {}
    for event in events:
        if event.step in names and event.code in (*BEGINNINGS, "moved"):
            place = names.index(event.step)
            first = place if _is_by_word(route[place], event) else 0
            for name in names[first : place + 1]:
                found.setdefault(name, event)
    return found


def _is_by_word(step: Step, event: RequestEvent) -> bool:
    """Whether a request came to a step of ours by the customer's word alone, or their silence."""
    return event.code == "moved" and event.who in WORDS_ALONE and step.who != "customer"


def seen_by(asker: Asker) -> ColumnElement[bool]:
    """What is theirs, and what this browser has shown a phone for."""
    own = _asked_by(asker)
    return own | Request.request_no.in_(asker.proven) if asker.proven else own


def _asked_by(asker: Asker) -> ColumnElement[bool]:
    if asker.user_id is not None:
        return Request.user_id == asker.user_id
    return (Request.asker == asker.name) & Request.user_id.is_(None)
