"""How a request comes from step to step: by the desk, in the field, by its customer or the core.

`course` says what may follow; here it is done: the row is locked, the event written, the clock
set, the core told by a job, and the others by an event, all in the caller's transaction.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from runtime import clock
from runtime.errors import Conflict, NotFound, Refused
from service.models import User
from service.requests import reading, soon, timing
from service.requests.askers import Asker
from service.requests.course import CANCELLED, DEEDS, REJECTED, Course
from service.requests.fields import clean_all, visible
from service.requests.kinds import Step, kind
from service.requests.models import Request, RequestEvent
from service.requests.telling import tell

ENDED = frozenset({"done", REJECTED, CANCELLED})
LONGEST_NOTE = 500


@dataclass(frozen=True)
class By:
    """Who does something: `who` as in the events, the member of staff, and the deed's own key."""

    who: str
    user_id: int | None = None
    key: str | None = None
    note: str = ""
    filled: Mapping[str, str] = field(default_factory=dict)
    at: datetime | None = None


CUSTOMER = By("customer")


def steps(request: Request) -> tuple[Step, ...]:
    """The steps that are there for this request."""
    return kind(request.kind).route(reading.values(request))


def next_step(request: Request) -> Step | None:
    """The step that is to be reached next; None when there is none or the request has ended."""
    if request.state in ENDED:
        return None
    route = steps(request)
    return route[[each.name for each in route].index(request.step) + 1]


def deeds(request: Request) -> frozenset[str]:
    """What may be done now: complete, pause, resume, reject, cancel, reopen."""
    allowed = course(request).allowed() & DEEDS
    return allowed if _reopens(request) else allowed - {"reopen"}


def may_cancel(request: Request) -> bool:
    """Whether its customer may still take it back."""
    return "cancel" in deeds(request)


def complete(
    session: Session,
    request_no: str,
    step: str,
    *,
    by: int,
    note: str = "",
    values: Mapping[str, str] | None = None,
    key: str | None = None,
    at: datetime | None = None,
) -> Request:
    """Staff have brought a request to `step`; with a `key` that was used it is done already.

    `at` is when it happened, if not now. Raises NotFound, FieldRefused for the form of the step,
    Conflict("request.moved_on") unless that step is the next, Conflict("request.paused").
    """
    request = locked(session, request_no)
    if _known(session, request, key):
        return request
    onward = next_step(request)
    if onward is None or onward.name != step or onward.who == "customer":
        raise Conflict("request.moved_on")
    filled = clean_all(onward.form, values or {})
    _take(request, "complete", "request.paused")
    _reach(session, request, onward, By("staff", by, key, _note(note), filled, _past(request, at)))
    return request


def complete_own(session: Session, asker: Asker, request_no: str, step: str) -> Request:
    """The customer has done the step that is theirs. Again changes nothing.

    Raises NotFound, Conflict("request.moved_on").
    """
    request = reading.request(session, asker, request_no, for_update=True)
    onward = next_step(request)
    if request.step == step:
        return request
    if onward is None or onward.name != step or onward.who != "customer":
        raise Conflict("request.moved_on")
    timing.go_on(session, request, clock.now())
    _take(request, "complete", "request.moved_on")
    _reach(session, request, onward, CUSTOMER)
    return request


def finish(session: Session, request: Request, by: By) -> None:
    """Bring a locked request to the end of its course at once. Raises Conflict when it ended."""
    if request.state in ENDED:
        raise Conflict("request.moved_on")
    _carry_on(session, request, "done", by)


def pause(
    session: Session, request_no: str, needs: str, *, by: int, key: str | None = None
) -> Request:
    """Ask the customer for something; the clock stands until it is answered.

    Raises NotFound, Refused("request.needs_missing"), Conflict("request.moved_on").
    """
    if not (asked := _note(needs)):
        raise Refused("request.needs_missing")
    request = locked(session, request_no)
    if not _known(session, request, key):
        _take(request, "pause", "request.moved_on")
        timing.stand(session, request, clock.now(), asked, by)
        record(session, request, "paused", By("staff", by, key, asked))
    return request


def resume(session: Session, request_no: str, *, by: int | None = None) -> Request:
    """The customer has answered, or (`by`) the desk goes on without. Again changes nothing.

    A step that is the customer's own keeps the clock standing, and so does an outage that the
    request has joined until the desk takes it out (`joining`). Raises NotFound.
    """
    request = locked(session, request_no)
    onward = next_step(request)
    if request.paused_at is None or (onward is not None and onward.who == "customer"):
        return request
    if by is None and request.outage_no is not None:
        return request
    request.outage_no = None
    _take(request, "resume", "request.moved_on")
    timing.go_on(session, request, clock.now())
    record(session, request, "resumed", By("staff", by) if by is not None else CUSTOMER)
    return request


def reject(session: Session, request_no: str, reason: str, *, by: int) -> Request:
    """The utility says no. Raises NotFound, Refused("request.reason_missing") and
    Conflict("request.moved_on")."""
    if not (why := _note(reason)):
        raise Refused("request.reason_missing")
    request = locked(session, request_no)
    _take(request, "reject", "request.moved_on")
    _end(session, request, REJECTED, By("staff", by, note=why))
    return request


def cancel(session: Session, asker: Asker, request_no: str) -> Request:
    """Take a request back. Cancelling again changes nothing.

    Raises NotFound, and Conflict("request.cannot_cancel") when it has come too far.
    """
    request = reading.request(session, asker, request_no, for_update=True)
    if request.state == CANCELLED:
        return request
    _take(request, "cancel", "request.cannot_cancel")
    _end(session, request, CANCELLED, CUSTOMER)
    return request


def reopen(session: Session, asker: Asker, request_no: str, why: str) -> Request:
    """Open again what is done or was refused; its clock begins anew, the core has a new order.

    Raises NotFound, Refused("request.reason_missing"), Conflict("request.too_late").
    """
    if not (reason := _note(why)):
        raise Refused("request.reason_missing")
    request = reading.request(session, asker, request_no, for_update=True)
    if not _reopens(request):
        raise Conflict("request.too_late")
    _take(request, "reopen", "request.moved_on")
    request.reopened += 1
    request.outage_no = None
    request.core_order_no = request.core_status = None
    first = steps(request)[0]
    was, request.step = request.state, first.name
    _come_to(session, request, first.at, clock.now())
    record(session, request, "reopened", By("customer", note=reason), was)
    return request


def assign(session: Session, request_nos: Collection[str], to: int | None, *, by: int) -> int:
    """Give open requests into somebody's hands, or nobody's; how many have changed hands.

    Raises NotFound("person.not_found") for whoever is not of the utility's people.
    """
    if to is not None:
        person = session.get(User, to)
        if person is None or not person.staff_role or person.disabled_at is not None:
            raise NotFound("person.not_found")
    changed = session.execute(
        update(Request)
        .where(
            Request.request_no.in_(request_nos),
            Request.closed_at.is_(None),
            Request.assignee_id.is_distinct_from(to),
        )
        .values(assignee_id=to, updated_at=clock.now())
        .returning(Request.id)
    )
    return len(changed.all())


def urge(session: Session, request_no: str, urgent: bool, *, by: int) -> Request:
    """Put a request before others, or no longer. Raises NotFound."""
    request = locked(session, request_no)
    request.urgent = urgent
    return request


def record(session: Session, request: Request, code: str, by: By, was: str | None = None) -> None:
    """Write down what happened to a locked request, set its clock by it, tell the others.

    With the state in which it `was` the core is told too.
    """
    request.updated_at = clock.now()
    event = RequestEvent(
        request_id=request.id,
        code=code,
        step=request.step,
        state=request.state,
        who=by.who,
        by_id=by.user_id,
        note=by.note or None,
        filled=json.dumps(dict(by.filled), ensure_ascii=False) if by.filled else None,
        key=by.key,
        at=by.at or request.updated_at,
    )
    session.add(event)
    session.flush()
    session.expire(request, ["events", "pauses"])
    timing.reset(session, request)
    if by.who != "core" and was is not None:
        soon.carry(session, request.request_no)
    tell(session, request, event, was or request.state)


def locked(session: Session, request_no: str) -> Request:
    """The request, for whoever changes it next. Raises NotFound."""
    query = select(Request).where(Request.request_no == request_no).with_for_update()
    found = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound("request.not_found")
    return found


def course(request: Request) -> Course:
    """The course of a request, standing where the request stands."""
    return Course(
        tuple(each.name for each in steps(request)),
        request.state if request.state in (REJECTED, CANCELLED) else request.step,
        paused=request.paused_at is not None,
        withdrawable=request.state in kind(request.kind).cancel,
    )


def follow_core(session: Session, request: Request, status: str, at: datetime) -> bool:
    """Bring a locked request on to a status of the core's order; False when that changes nothing.

    The core is always ahead: what it told of an earlier status is old news.
    """
    core = By("core", at=at)
    if status in (REJECTED, CANCELLED):
        event = "reject" if status == REJECTED else "call_off"
        moves = course(request).takes(event)
        if moves:
            _end(session, request, status, core)
        return moves
    if request.state == CANCELLED:
        finished = status == "done" and course(request).takes("finish")
        if finished:
            _reach(session, request, steps(request)[-1], core)
        return finished
    return _carry_on(session, request, status, core)


def _carry_on(session: Session, request: Request, status: str, by: By) -> bool:
    """To the first step with this status; to the last one before, if none has it.

    Steps in between are passed over: they were reached with the one that is told.
    """
    going, way = course(request), iter(steps(request))
    here = next(each for each in way if each.name == request.step)
    for onward in way:
        if not _is_behind(here.at, onward.at, status) or not going.takes("carry_on"):
            break
        here = onward
    if here.name == request.step:
        return False
    timing.go_on(session, request, clock.now())
    _reach(session, request, here, by)
    return True


def _is_behind(here: str, onward: str, status: str) -> bool:
    """Whether a request at `here` has yet to go on to be where the status says."""
    rank = reading.rank_of
    return status == "done" or rank(here) < rank(status) >= rank(onward)


def _reach(session: Session, request: Request, step: Step, by: By) -> None:
    was, request.step = request.state, step.name
    _come_to(session, request, step.at, by.at or clock.now())
    record(session, request, "moved", by, was)


def _end(session: Session, request: Request, state: str, by: By) -> None:
    was = request.state
    _come_to(session, request, state, by.at or clock.now())
    record(session, request, state, by, was)


def _come_to(session: Session, request: Request, state: str, at: datetime) -> None:
    """The request has another state, and its clock is set by it."""
    request.state = state
    request.closed_at = at if state in ENDED else None
    request.due_at = request.warn_at = request.warned_at = request.late_at = None


def _take(request: Request, event: str, otherwise: str) -> None:
    """Raises Conflict(otherwise) when the course does not allow the event."""
    if not course(request).takes(event):
        raise Conflict(otherwise)


def _known(session: Session, request: Request, key: str | None) -> bool:
    """Whether the deed of this key was done."""
    if key is None:
        return False
    if len(key) > 64 or not key.isascii() or not key.isprintable():
        raise Refused("request.key_malformed")
    found = select(RequestEvent.id).where(
        RequestEvent.request_id == request.id, RequestEvent.key == key
    )
    return session.scalars(found).first() is not None


def _reopens(request: Request) -> bool:
    if request.closed_at is None or request.state == CANCELLED:
        return False
    return clock.now() - request.closed_at <= timedelta(days=kind(request.kind).reopen_days)


def _note(text: str) -> str:
    return visible(text)[:LONGEST_NOTE]


def _past(request: Request, at: datetime | None) -> datetime | None:
    """When it happened, as far as that can be: not before the last event, not in the future."""
    if at is None:
        return None
    last = max((each.at for each in request.events), default=request.opened_at)
    return min(max(at, last), clock.now())
