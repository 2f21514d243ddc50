"""Reports of an outage that is known already: they wait for its end instead of for a crew.

A report joins an outage of its place as it is opened, or as the outage becomes known. From then
on its own clock stands. When the outage is over its customer is asked whether the power is back:
yes ends the request, no makes it an ordinary one again, an urgent one, whose clock goes on from
there; and that can be said at any time, for the cause may be in the house. Whoever says nothing
has power again.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from runtime import clock, events
from runtime.database import Database
from runtime.errors import Conflict
from service import places
from service.events import OutageAnnounced, OutageChanged, RequestJoined
from service.models import Account, ServicePoint
from service.outages import finding
from service.outages.finding import OutageView, Phase
from service.outages.models import Outage
from service.requests import moving, reading, soon, timing
from service.requests.askers import Asker
from service.requests.kinds import Kind, holds, kind, kinds
from service.requests.models import Request, RequestEvent
from service.requests.moving import CUSTOMER, By
from service.requests.sweeping import sweep

BEFORE = timedelta(hours=1)
"""So long before an outage is said to have begun, reports may be of it."""

LATELY = timedelta(minutes=15)
"""So long after an outage began or was changed, reports are looked for that were missed."""

SILENCE = timedelta(days=3)
"""Who has not answered for so long has power again; what is done can be opened again."""

ASKED = "back:"
"""How the key of the event begins by which a customer is asked."""

NEARBY = timedelta(minutes=30)
"""Reports from one area that come within this time may have one cause."""


def join_known(session: Session, request: Request) -> None:
    """Let a request that was just opened join the outage of its place, if there is one."""
    wanted, told = kind(request.kind), reading.values(request)
    outage = known_at(session, wanted, request.account_no, told)
    if outage is not None and waits(wanted, told):
        _join(session, request, outage.outage_no)


def known_at(
    session: Session, wanted: Kind, account_no: str | None, told: Mapping[str, str]
) -> OutageView | None:
    """The outage that is on where a report is from: by its account, else by its words.

    None for kinds that have nothing to do with one.
    """
    if not wanted.outage:
        return None
    place = _place(wanted, told)
    if _is_at_account(session, account_no, place):
        return finding.hitting(session, account_no or "")
    found = finding.near(session, place).outages
    sure = (each for each in found if finding.is_surely_at(each, place))
    return next((each for each in sure if each.phase is Phase.NOW), None)


def waits(wanted: Kind, told: Mapping[str, str]) -> bool:
    """Whether what is told waits for the end of an outage that is known where it is from."""
    return wanted.outage and holds(wanted.joins, told)


def is_asked(request: Request) -> bool:
    """Whether its customer is to say if the power is back."""
    return reading.is_joined(request) and any(each.key == _key(request) for each in request.events)


def waiting_for(outage_no: str) -> Select[int | None]:
    """The users whose reports wait for the end of an outage."""
    return select(Request.user_id).where(
        Request.outage_no == outage_no,
        Request.closed_at.is_(None),
        Request.paused_at.is_not(None),
        Request.user_id.is_not(None),
    )


def power_is_back(session: Session, asker: Asker, request_no: str) -> Request:
    """The customer says so: the request is done. Saying it again changes nothing.

    Raises NotFound, Conflict("request.moved_on").
    """
    request = reading.request(session, asker, request_no, for_update=True)
    if request.state == "done":
        return request
    _require_joined(request)
    moving.finish(session, request, CUSTOMER)
    return request


def still_dark(session: Session, asker: Asker, request_no: str) -> Request:
    """It is another matter, or still dark: an ordinary request from now on, and an urgent one.

    Saying it again changes nothing. Raises NotFound, Conflict("request.moved_on").
    """
    request = reading.request(session, asker, request_no, for_update=True)
    if request.closed_at is None and request.outage_no is None:
        return request
    _require_joined(request)
    request.outage_no, request.urgent = None, True
    moving.resume(session, request_no)
    return request


def near(session: Session, request: Request) -> int:
    """How many other households of its transformer area reported a failure about when it was.

    Only such reports count that are of no outage that is known: they may be of one that is not.
    """
    here, there = aliased(ServicePoint), aliased(ServicePoint)
    query = (
        select(func.count(Request.account_no.distinct()))
        .join(there, there.account_no == Request.account_no)
        .join(here, here.area == there.area)
        .where(here.account_no == request.account_no, Request.account_no != request.account_no)
        .where(Request.kind.in_(_kinds()), Request.outage_no.is_(None))
        .where(Request.opened_at.between(request.opened_at - NEARBY, request.opened_at + NEARBY))
        .where(Request.state != "cancelled")
    )
    return session.scalar(query) or 0


# ---- the outage is news --------------------------------------------------------------------------


def on_announced(session: Session, event: OutageAnnounced) -> None:
    """Reports came before the outage had a number: a job looks for those that are of it."""
    if finding.phase(event.outage, clock.now()) is Phase.NOW:
        soon.join(session, event.outage.outage_no)


def on_changed(session: Session, event: OutageChanged) -> None:
    """Others may be of it now; or it is over, and those that are of it are asked."""
    now, before = event.outage, event.before
    if now.ended_at is not None:
        soon.ask_back(session)
    elif now.state == "ongoing" and (now.state, now.areas) != (before.state, before.areas):
        soon.join(session, now.outage_no)


def join_all(database: Database, outage_no: str) -> int:
    """Let the reports that nobody has begun to work on join an outage; how many they were.

    Those that had joined it and whose place it does not hit any more are ordinary ones again.
    """
    with database.unit_of_work() as session:
        outage = finding.find(session, outage_no)
    if outage.phase is not Phase.NOW:
        return 0

    def join(session: Session, request: Request) -> bool:
        return _is_of(session, request, outage) and _join(session, request, outage_no)

    def part(session: Session, request: Request) -> bool:
        return not _is_of(session, request, outage) and _part(session, request)

    joined = sweep(database, _waits_since(outage.starts_at - BEFORE), join)
    sweep(database, _JOINED & (Request.outage_no == outage_no), part)
    return joined


def join_missed(database: Database) -> None:
    """Join what was just being written as its outage became known, and so was seen by neither."""
    since = clock.now() - LATELY
    new = or_(Outage.updated_at > since, Outage.starts_at > since)
    with database.unit_of_work() as session:
        query = select(Outage.outage_no).where(finding.is_dark(clock.now()), new)
        numbers = session.scalars(query).all()
    for number in numbers:
        join_all(database, number)


def ask_all(database: Database) -> int:
    """Ask whose outage is over whether the power is back; how many were asked."""
    over = exists().where(Outage.outage_no == Request.outage_no, ~finding.is_dark(clock.now()))
    return sweep(database, _JOINED & over & ~_asked(), _ask)


def end_silent(database: Database) -> int:
    """End the requests whose customers have not answered for long; how many there were."""
    return sweep(database, _JOINED & _asked(before=clock.now() - SILENCE), _end)


# ---- how -----------------------------------------------------------------------------------------

_JOINED = and_(Request.outage_no.is_not(None), Request.paused_at.is_not(None))
"""Of open requests: those that wait for an end."""


def _join(session: Session, request: Request, outage_no: str) -> bool:
    request.outage_no = outage_no
    timing.stand(session, request, clock.now(), None, None)
    moving.record(session, request, "joined", By("clock"))
    events.publish(
        session,
        RequestJoined(
            request_no=request.request_no,
            kind=request.kind,
            user_id=request.user_id,
            account_no=request.account_no,
            outage_no=outage_no,
        ),
    )
    return True


def _part(session: Session, request: Request) -> bool:
    request.outage_no, request.urgent = None, True
    timing.go_on(session, request, clock.now())
    moving.record(session, request, "resumed", By("clock"))
    return True


def _ask(session: Session, request: Request) -> bool:
    moving.record(session, request, "paused", By("clock", key=_key(request)))
    return True


def _end(session: Session, request: Request) -> bool:
    moving.finish(session, request, By("clock"))
    return True


def _key(request: Request) -> str:
    """Of the event by which a customer was asked, once for each outage."""
    return f"{ASKED}{request.outage_no}"


def _require_joined(request: Request) -> None:
    if not reading.is_joined(request):
        raise Conflict("request.moved_on")


def _is_of(session: Session, request: Request, outage: OutageView) -> bool:
    """Whether a report that waits is of this outage."""
    wanted, told = kind(request.kind), reading.values(request)
    place = _place(wanted, told)
    if not waits(wanted, told):
        return False
    if not _is_at_account(session, request.account_no, place):
        return finding.is_surely_at(outage, place)
    at_account = ServicePoint.account_no == request.account_no
    points = select(ServicePoint.area).where(at_account)
    return not set(outage.areas).isdisjoint(session.scalars(points))


def _waits_since(began: datetime) -> ColumnElement[bool]:
    """Reports that nobody has in hand and that never joined: who said no is not asked again."""
    joined = exists().where(RequestEvent.request_id == Request.id, RequestEvent.code == "joined")
    return and_(
        ~joined,
        Request.kind.in_(_kinds()),
        Request.state == "received",
        Request.opened_at >= began,
        Request.outage_no.is_(None),
        Request.paused_at.is_(None),
        Request.assignee_id.is_(None),
    )


def _is_at_account(session: Session, account_no: str | None, place: str) -> bool:
    """Whether a report is about the account's own place, and not of somebody else's."""
    account = session.get(Account, account_no) if account_no else None
    if account is None:
        return False
    told, known = places.bare(place), places.bare(account.address)
    return not told or told.startswith(known) or known.startswith(told)


def _kinds() -> list[str]:
    """The kinds that report a failure."""
    return [each.name for each in kinds() if each.outage]


def _place(wanted: Kind, told: Mapping[str, str]) -> str:
    fields = (each for each in wanted.fields if each.type == "address")
    return next((told.get(each.name, "") for each in fields), "")


def _asked(before: datetime | None = None) -> ColumnElement[bool]:
    """Whether there is the event by which the customer was asked."""
    found = exists().where(
        RequestEvent.request_id == Request.id,
        RequestEvent.key == func.concat(ASKED, Request.outage_no),
    )
    return found if before is None else found.where(RequestEvent.at <= before)
