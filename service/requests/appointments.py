"""Appointments: when somebody comes for a step of a request, and never two for one seat.

Each window of a team (`visits`) has so many seats. Whoever books takes the first free one by a
unique index, so that people who book at the same moment do not get the same. Moving an appointment
keeps the old row, released.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime import clock, events
from runtime.errors import Conflict, NotFound, Refused
from service.events import AppointmentChanged, RequestMoved
from service.requests import moving, reading, visits
from service.requests.askers import Asker
from service.requests.kinds import Step
from service.requests.models import Request, RequestEvent
from service.requests.talk_models import Appointment


@dataclass(frozen=True)
class Slot:
    """A window that can be booked, how many seats are left in it, and if it is past the promise."""

    starts_at: datetime
    ends_at: datetime
    left: int
    is_late: bool = False


@dataclass(frozen=True)
class Booker:
    """Who books: the customer, or a member of staff by their id."""

    by_id: int | None = None

    @property
    def side(self) -> str:
        return "customer" if self.by_id is None else "staff"

    @property
    def notice(self) -> timedelta:
        """How long before a window begins it can still be taken."""
        return timedelta(hours=visits.plan().notice_hours if self.by_id is None else 0)


CUSTOMER = Booker()


def visit_step(request: Request) -> Step | None:
    """The next step of a request for which somebody comes, if there is one ahead."""
    if request.closed_at is not None:
        return None
    route = moving.steps(request)
    reached = [each.name for each in route].index(request.step)
    return next((each for each in route[reached + 1 :] if each.visit), None)


def promised_at(request: Request) -> datetime | None:
    """When what somebody comes for is promised: the step itself, or what is promised after it."""
    step = visit_step(request)
    if step is None:
        return None
    route = moving.steps(request)
    ahead = (request.promises.get(each.name) for each in route[route.index(step) :])
    return min((datetime.fromisoformat(each) for each in ahead if each), default=None)


def offered(session: Session, request: Request, *, staff: bool = False) -> list[Slot]:
    """The windows that can be booked for a request; none when nobody has to come.

    Staff may take a window until it begins.
    """
    if visit_step(request) is None:
        return []
    promised = promised_at(request)
    seats = visits.plan().seats[request.team]
    after = clock.now() + (timedelta() if staff else CUSTOMER.notice)
    taken = _taken(session, request.team, after)
    slots = [
        Slot(
            each.starts_at,
            each.ends_at,
            seats - taken.get(each.starts_at, 0),
            promised is not None and each.ends_at > promised,
        )
        for each in visits.windows(after)
    ]
    return [each for each in slots if each.left > 0]


def current(session: Session, request: Request) -> Appointment | None:
    """The appointment of a request, also one whose time has passed while its step is not done."""
    step = visit_step(request)
    return _live(session, request, step) if step else None


def of_request(session: Session, request: Request) -> dict[str, Appointment]:
    """All appointments of a request that stand or took place, by their step."""
    query = select(Appointment).where(
        Appointment.request_id == request.id,
        Appointment.round == request.reopened,
        Appointment.released_at.is_(None),
    )
    return {each.step: each for each in session.scalars(query)}


def of_requests(session: Session, request_ids: Collection[int]) -> dict[int, Appointment]:
    """The appointment of each of these requests whose step is still to come, by its id.

    Where several steps have one it is the next; one that was missed stands until it is moved.
    """
    done = exists().where(
        RequestEvent.request_id == Appointment.request_id,
        RequestEvent.step == Appointment.step,
        RequestEvent.code == "moved",
        RequestEvent.at >= Appointment.at,
    )
    query = (
        select(Appointment)
        .join(Request, Request.id == Appointment.request_id)
        .where(
            Appointment.request_id.in_(request_ids),
            Appointment.round == Request.reopened,
            Appointment.released_at.is_(None),
            ~done,
        )
        .order_by(Appointment.starts_at)
    )
    found: dict[int, Appointment] = {}
    for each in session.scalars(query):
        known = found.get(each.request_id)
        if known is None or known.ends_at < clock.now():
            found[each.request_id] = each
    return found


def of_day(session: Session, day: date, team: str | None = None) -> list[Appointment]:
    """Everything that is booked for a civil day, in the order of the hours."""
    begins, ends = clock.civil_midnight(day), clock.civil_midnight(day + timedelta(days=1))
    query = select(Appointment).where(
        Appointment.starts_at >= begins,
        Appointment.starts_at < ends,
        Appointment.released_at.is_(None),
    )
    if team is not None:
        query = query.where(Appointment.team == team)
    return list(session.scalars(query.order_by(Appointment.starts_at, Appointment.id)))


def book(session: Session, asker: Asker, request_no: str, starts_at: datetime) -> Appointment:
    """The customer books the window that begins then, or moves what was booked to it.

    The same window again changes nothing. Raises NotFound; Conflict: "visit.not_needed",
    "visit.full", "visit.too_late" (what is booked begins too soon to be moved);
    Refused("visit.not_offered").
    """
    request = reading.request(session, asker, request_no, for_update=True)
    return _book(session, request, starts_at, CUSTOMER)


def book_for(session: Session, request_no: str, starts_at: datetime, *, by: int) -> Appointment:
    """The desk books or moves; raises as `book` does, "visit.too_late" apart."""
    return _book(session, moving.locked(session, request_no), starts_at, Booker(by))


def call_off(session: Session, asker: Asker, request_no: str) -> None:
    """The customer calls the visit off. Raises NotFound, Conflict("visit.too_late")."""
    request = reading.request(session, asker, request_no, for_update=True)
    _call_off(session, request, CUSTOMER)


def call_off_for(session: Session, request_no: str, *, by: int) -> None:
    """The desk calls the visit off. Raises NotFound."""
    _call_off(session, moving.locked(session, request_no), Booker(by))


def may_change(appointment: Appointment) -> bool:
    """Whether its customer may still move it or call it off; one that was missed may be moved."""
    now = clock.now()
    early = timedelta(hours=visits.plan().change_hours)
    return now < appointment.starts_at - early or appointment.ends_at < now


def on_moved(session: Session, event: RequestMoved) -> None:
    """Give back the seats of visits that nobody needs any more."""
    query = (
        select(Appointment, Request)
        .join(Request, Request.id == Appointment.request_id)
        .where(
            Request.request_no == event.request_no,
            Appointment.released_at.is_(None),
            Appointment.starts_at > clock.now(),
        )
    )
    for appointment, request in session.execute(query).all():
        step = visit_step(request)
        if step is None or step.name != appointment.step:
            _release(appointment, "house")
            _tell(session, request, appointment, "house", appointment.starts_at, None)
    session.flush()


def _book(session: Session, request: Request, starts_at: datetime, who: Booker) -> Appointment:
    step = visit_step(request)
    if step is None:
        raise Conflict("visit.not_needed")
    before = _live(session, request, step)
    if before is not None and before.starts_at == starts_at:
        return before
    if before is not None and who == CUSTOMER and not may_change(before):
        raise Conflict("visit.too_late")
    window = _window(starts_at, who)
    with session.begin_nested():
        if before is not None:
            _release(before, who.side)
            session.flush()
        booked = _take_seat(session, request, step, window, who)
    _tell(session, request, booked, who.side, before.starts_at if before else None, booked)
    return booked


def _window(starts_at: datetime, who: Booker) -> visits.Window:
    for each in visits.windows(clock.now() + who.notice):
        if each.starts_at == starts_at:
            return each
    raise Refused("visit.not_offered")


def _take_seat(
    session: Session, request: Request, step: Step, window: visits.Window, who: Booker
) -> Appointment:
    """The first seat that nobody has, or takes at this moment. Raises Conflict("visit.full")."""
    taken = set(
        session.scalars(
            select(Appointment.seat).where(
                Appointment.team == request.team,
                Appointment.starts_at == window.starts_at,
                Appointment.released_at.is_(None),
            )
        )
    )
    for seat in range(1, visits.plan().seats[request.team] + 1):
        if seat not in taken:
            statement = insert(Appointment).values(
                request_id=request.id,
                round=request.reopened,
                step=step.name,
                team=request.team,
                starts_at=window.starts_at,
                ends_at=window.ends_at,
                seat=seat,
                made_by=who.side,
                by_id=who.by_id,
                at=clock.now(),
            )
            new = statement.on_conflict_do_nothing().returning(Appointment)
            if booked := session.scalars(new).one_or_none():
                return booked
    raise Conflict("visit.full")


def _call_off(session: Session, request: Request, who: Booker) -> None:
    appointment = current(session, request)
    if appointment is None:
        raise NotFound("visit.not_found")
    if who == CUSTOMER and not may_change(appointment):
        raise Conflict("visit.too_late")
    _release(appointment, who.side)
    session.flush()
    _tell(session, request, appointment, who.side, appointment.starts_at, None)


def _release(appointment: Appointment, by: str) -> None:
    appointment.released_at, appointment.released_by = clock.now(), by


def _live(session: Session, request: Request, step: Step) -> Appointment | None:
    return session.scalars(
        select(Appointment).where(
            Appointment.request_id == request.id,
            Appointment.round == request.reopened,
            Appointment.step == step.name,
            Appointment.released_at.is_(None),
        )
    ).one_or_none()


def _taken(session: Session, team: str, after: datetime) -> dict[datetime, int]:
    query = (
        select(Appointment.starts_at, func.count())
        .where(
            Appointment.team == team,
            Appointment.starts_at > after,
            Appointment.released_at.is_(None),
        )
        .group_by(Appointment.starts_at)
    )
    return dict(session.execute(query).all())


def _tell(
    session: Session,
    request: Request,
    appointment: Appointment,
    by: str,
    was: datetime | None,
    now: Appointment | None,
) -> None:
    events.publish(
        session,
        AppointmentChanged(
            request_no=request.request_no,
            kind=request.kind,
            user_id=request.user_id,
            account_no=request.account_no,
            step=appointment.step,
            by=by,
            was=was,
            starts_at=now.starts_at if now else None,
            ends_at=now.ends_at if now else None,
        ),
    )
