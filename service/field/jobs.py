"""A worker's jobs: requests in their hands whose next step is done on the spot."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime import clock
from runtime.errors import NotFound
from service.field import hearing
from service.field.models import FieldVisit
from service.models import Account
from service.requests import appointments, moving, reading, route
from service.requests.kinds import Step
from service.requests.models import Request
from service.requests.route import Leg, Place, Stop
from service.requests.talk_models import Appointment

MOST = 200
"""Jobs that are looked at; nobody does as many in a week."""


@dataclass(frozen=True)
class Job:
    """A request and the step to be done for it. `metres` is the way from the job before.

    `heard` is another word when somebody has written about it since.
    """

    request: Request
    step: Step
    address: str | None
    appointment: Appointment | None
    heard: str = ""
    presses: bool = False
    metres: float | None = None

    @property
    def place(self) -> Place | None:
        return Place.read(self.request.point)

    @property
    def stamp(self) -> str:
        """Another one when the page of the job would say something else."""
        booked = self.appointment.id if self.appointment else 0
        return f"{self.request.updated_at.timestamp():.6f}-{self.heard}-{booked}"

    @property
    def is_last(self) -> bool:
        """Whether the request is done with this step."""
        return self.step == moving.steps(self.request)[-1]


@dataclass(frozen=True)
class Day:
    """Jobs in the order of the way, those arranged for later days, and those that stand still."""

    today: list[Job]
    later: list[Job]
    waiting: list[Job]


def day(session: Session, worker_id: int, start: Place | None = None) -> Day:
    """What a worker has to do, from `start` or from where they last did something today."""
    now = clock.now()
    found = {job.request.request_no: job for job in _jobs(session, worker_id)}
    moving_on = [job for job in found.values() if job.request.paused_at is None]
    today = [job for job in moving_on if not _is_later(job)]
    later = sorted((job for job in moving_on if _is_later(job)), key=_begins)
    begun = _begun(session, worker_id)
    stops = (_stop(job, begun) for job in today)
    legs = route.order(stops, start or last_place(session, worker_id), now)
    return Day(
        today=[_on_the_way(found[leg.stop.request_no], leg, now) for leg in legs],
        later=later,
        waiting=[job for job in found.values() if job.request.paused_at is not None],
    )


def onward(session: Session, worker_id: int, request: Request) -> Job | None:
    """What comes after something was done for a request: its own next step, if that is for the
    same worker today, else the first job of the way; None when there is none."""
    today = day(session, worker_id).today
    same = (each for each in today if each.request.id == request.id)
    return next(same, today[0] if today else None)


def job(session: Session, worker_id: int, request_no: str) -> Job:
    """One of the worker's jobs. Raises NotFound for those of others, and for what has ended."""
    mine = _jobs(session, worker_id, request_no)
    if not mine:
        raise NotFound("field.no_job")
    return mine[0]


def last_place(session: Session, worker_id: int) -> Place | None:
    """Where the worker last did something on this civil day."""
    query = select(FieldVisit.place).where(
        FieldVisit.worker_id == worker_id,
        FieldVisit.done_at >= clock.civil_midnight(clock.today()),
        FieldVisit.place.is_not(None),
    )
    return Place.read(session.scalars(query.order_by(FieldVisit.done_at.desc()).limit(1)).first())


def visits_today(session: Session, worker_id: int) -> list[tuple[FieldVisit, Request]]:
    """What the worker sent on this civil day, the newest first."""
    query = (
        select(FieldVisit, Request)
        .join(Request, Request.id == FieldVisit.request_id)
        .where(
            FieldVisit.worker_id == worker_id,
            FieldVisit.done_at >= clock.civil_midnight(clock.today()),
        )
        .order_by(FieldVisit.done_at.desc(), FieldVisit.id.desc())
    )
    return [(visit, request) for visit, request in session.execute(query)]


def _jobs(session: Session, worker_id: int, request_no: str | None = None) -> list[Job]:
    query = select(Request).where(Request.assignee_id == worker_id, Request.closed_at.is_(None))
    if request_no is not None:
        query = query.where(Request.request_no == request_no)
    requests = session.scalars(query.order_by(Request.due_at, Request.id).limit(MOST)).all()
    steps = {each.id: moving.next_step(each) for each in requests}
    mine = [each for each in requests if (step := steps[each.id]) and step.who == "field"]
    numbers = [each.id for each in mine]
    booked = appointments.of_requests(session, numbers)
    addresses = _addresses(session, mine)
    heard = hearing.newest(session, numbers)
    return [
        Job(each, step, addresses.get(each.id), booked.get(each.id), heard.get(each.id, ""))
        for each in mine
        if (step := steps[each.id])
    ]


def _addresses(session: Session, requests: list[Request]) -> dict[int, str]:
    """Where each is: as the customer told, else the account's."""
    told = {each.id: reading.values(each).get("address") for each in requests}
    numbers = {each.account_no for each in requests if not told[each.id] and each.account_no}
    query = select(Account.account_no, Account.address).where(Account.account_no.in_(numbers))
    known = dict(session.execute(query).all()) if numbers else {}
    found = {each.id: told[each.id] or known.get(each.account_no or "") for each in requests}
    return {number: address for number, address in found.items() if address}


def _begun(session: Session, worker_id: int) -> int | None:
    """The request for which the worker did something last today: they are still there."""
    query = select(FieldVisit.request_id).where(
        FieldVisit.worker_id == worker_id,
        FieldVisit.done_at >= clock.civil_midnight(clock.today()),
        FieldVisit.refusal.is_(None),
    )
    return session.scalars(query.order_by(FieldVisit.done_at.desc()).limit(1)).first()


def _stop(job: Job, begun: int | None) -> Stop:
    request, booked = job.request, job.appointment
    return Stop(
        request.request_no,
        job.place,
        request.due_at,
        request.urgent,
        begun=request.id == begun,
        visit=(booked.starts_at, booked.ends_at) if booked else None,
    )


def _on_the_way(job: Job, leg: Leg, now: datetime) -> Job:
    presses = route.presses(leg.stop, now)
    return replace(job, presses=presses, metres=leg.metres)


def _is_later(job: Job) -> bool:
    """Whether it was arranged for another day, and nothing makes it pressing before."""
    if job.appointment is None or job.request.urgent:
        return False
    return clock.civil_date(job.appointment.starts_at) > clock.today()


def _begins(job: Job) -> tuple[datetime, int]:
    assert job.appointment is not None  # noqa: S101 - only those that were arranged
    return job.appointment.starts_at, job.request.id
