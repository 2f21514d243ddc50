"""What is off, will be and was, for everybody and for one person; and whom an outage hits.

For everybody there is nothing in an answer but areas, streets, times and reasons. What concerns
a person is bound to their links, as all customer data.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Interval,
    Select,
    and_,
    distinct,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session

from runtime import clock
from runtime.errors import NotFound
from runtime.questions import Question, asked
from service import places
from service.access import Right, linked, visible_account
from service.events import OutageFacts
from service.models import Account, ServicePoint
from service.outages.models import Outage

AT_ONCE = 200
"""Outages in one answer, at most."""

RECENT = timedelta(days=7)

LONGEST = timedelta(days=90)
"""What began before that is history, whatever was said of it, so that no answer reads it all."""

UNTOLD = timedelta(days=1)
"""How long a planned outage counts whose end was never said."""


class Phase(StrEnum):
    """Where an outage stands by what the core said and what the clock says."""

    NOW = "now"
    COMING = "coming"
    OVER = "over"
    CANCELLED = "cancelled"


class OutageView(OutageFacts, frozen=True):
    """An outage as anybody may see it. `phase` is as of the instant it was asked for.

    `by_plan` means that the clock alone says so: it was announced and nothing was heard since.
    `overdue` means that the power is not back although it was expected to be.
    """

    updated_at: datetime
    phase: Phase
    by_plan: bool
    overdue: bool


@dataclass(frozen=True)
class OwnOutage:
    """An outage with those of a person's own accounts that it hits."""

    outage: OutageView
    account_nos: tuple[str, ...]


@dataclass(frozen=True)
class Near:
    """What was found by words. `sought` is False when there was nothing in them to look for.

    An empty list says that no outage names the place, not that the place is lit: an outage may be
    unknown yet, and its streets may be named in other words.
    """

    outages: tuple[OutageView, ...]
    sought: bool


def current_and_coming(
    session: Session, now: datetime | None = None, limit: int = AT_ONCE
) -> list[OutageView]:
    """What is off now and what is announced: what is off in front, then by beginning."""
    now = now or clock.now()
    query = select(Outage).where(_awaited(now, now - LONGEST)).order_by(Outage.starts_at)
    most = max(1, min(limit, AT_ONCE))
    found = [view(row, now) for row in session.scalars(query.limit(most))]
    return sorted(found, key=lambda each: each.phase is not Phase.NOW)


def recent(
    session: Session, now: datetime | None = None, within: timedelta = RECENT
) -> list[OutageView]:
    """What ended or was cancelled lately, the last one in front."""
    now = now or clock.now()
    ended = func.coalesce(Outage.ended_at, _planned_end())
    query = (
        select(Outage)
        .where(~_awaited(now, now - LONGEST), ended > now - within)
        .where(Outage.starts_at > now - within - LONGEST)
        .order_by(ended.desc(), Outage.outage_no)
        .limit(AT_ONCE)
    )
    return [view(row, now) for row in session.scalars(query)]


def of_area(
    session: Session, area: str, now: datetime | None = None, within: timedelta = LONGEST
) -> list[OutageView]:
    """What is off, comes or was in one area, the last beginning in front."""
    now = now or clock.now()
    query = (
        select(Outage)
        .where(Outage.areas.has_key(area), Outage.starts_at > now - within)
        .order_by(Outage.starts_at.desc(), Outage.outage_no)
        .limit(AT_ONCE)
    )
    return [view(row, now) for row in session.scalars(query)]


def find(session: Session, outage_no: str, now: datetime | None = None) -> OutageView:
    """One outage. Raises NotFound."""
    row = session.get(Outage, outage_no)
    if row is None:
        raise NotFound("outage.not_found", outage_no=outage_no)
    return view(row, now or clock.now())


def known(session: Session, numbers: Collection[str]) -> dict[str, Outage]:
    """The outages of these numbers, by their number."""
    if not numbers:
        return {}
    rows = session.scalars(select(Outage).where(Outage.outage_no.in_(numbers)))
    return {row.outage_no: row for row in rows}


def for_user(session: Session, user_id: int, now: datetime | None = None) -> list[OwnOutage]:
    """What hits accounts of the person, now or as announced, with these accounts."""
    now = now or clock.now()
    rows = _OWN.ask(session, user_id=user_id, now=now, earliest=now - LONGEST)
    found = [_own(row, now) for row in rows]
    return sorted(found, key=lambda each: each.outage.phase is not Phase.NOW)


def for_account(
    session: Session, user_id: int, account_no: str, now: datetime | None = None
) -> list[OutageView]:
    """What hits one account of the person. Raises NotFound for an account of others."""
    visible_account(session, user_id, account_no, needs=Right.SEE_BILLS)
    own = for_user(session, user_id, now)
    return [each.outage for each in own if account_no in each.account_nos]


def hitting(session: Session, account_no: str, now: datetime | None = None) -> OutageView | None:
    """The outage that an account is dark by right now, for rooms that act for its holder."""
    now = now or clock.now()
    query = (
        select(Outage)
        .join(ServicePoint, Outage.areas.has_key(ServicePoint.area))
        .where(ServicePoint.account_no == account_no, _awaited(now, now - LONGEST))
        .where(Outage.starts_at <= now)
        .order_by(Outage.starts_at, Outage.outage_no)
        .limit(1)
    )
    row = session.scalars(query).first()
    return view(row, now) if row else None


def near(session: Session, text: str, now: datetime | None = None) -> Near:
    """What is off or announced at the street, estate or area that the words name.

    Only what the utility has published is searched: whether somebody lives at an address cannot
    be found out.
    """
    if places.too_short(text):
        return Near((), sought=False)
    return Near(naming(current_and_coming(session, now), text), sought=True)


def naming(outages: Iterable[OutageView], text: str) -> tuple[OutageView, ...]:
    """Those of the outages whose streets or areas the words name."""
    return tuple(
        each
        for each in outages
        if places.means_street(text, each.places) or places.means_area(text, each.areas)
    )


def is_surely_at(outage: OutageView, text: str) -> bool:
    """Whether the place in words is hit for certain: an outage may be of some buildings only."""
    return places.surely_means(text, outage.places) or places.means_area(text, outage.areas)


def is_on(outage: OutageView, first: date, last: date) -> bool:
    """Whether it falls, as far as announced, on one of the days, both included."""
    end = outage.expected_end_at or outage.starts_at
    return clock.civil_date(outage.starts_at) <= last and clock.civil_date(end) >= first


def affected_accounts(session: Session, outage_no: str) -> list[str]:
    """The numbers of all open accounts that an outage hits: for telling them, never for a page."""
    query = (
        select(Account.account_no)
        .distinct()
        .join(ServicePoint, ServicePoint.account_no == Account.account_no)
        .join(Outage, Outage.areas.has_key(ServicePoint.area))
        .where(Outage.outage_no == outage_no, Account.closed.is_(None))
        .order_by(Account.account_no)
    )
    return list(session.scalars(query))


Instant = datetime | BindParameter[Any]


def _awaited(now: Instant, earliest: Instant) -> ColumnElement[bool]:
    """Off now or yet to come. One that was announced is over when its time is."""
    announced = and_(Outage.state == "announced", _planned_end() > now)
    return and_(Outage.starts_at > earliest, or_(Outage.state == "ongoing", announced))


def is_dark(now: datetime) -> ColumnElement[bool]:
    """In a query over `Outage`: whether the power is off by it at this instant."""
    return and_(_awaited(now, now - LONGEST), Outage.starts_at <= now)


def _planned_end() -> ColumnElement[datetime]:
    return func.coalesce(Outage.expected_end_at, Outage.starts_at + literal(UNTOLD, Interval))


_COLUMNS = tuple(Outage.__table__.columns)


def _own_outages() -> Select[*tuple[Any, ...]]:
    query = (
        select(*_COLUMNS, func.array_agg(distinct(ServicePoint.account_no)))
        .join(ServicePoint, Outage.areas.has_key(ServicePoint.area))
        .join(Account, Account.account_no == ServicePoint.account_no)
        .where(_awaited(asked("now"), asked("earliest")), Account.closed.is_(None))
        .group_by(Outage.outage_no)
        .order_by(Outage.starts_at, Outage.outage_no)
        .limit(AT_ONCE)
    )
    return linked(query, ServicePoint.account_no, asked("user_id"), Right.SEE_BILLS)


_OWN = Question(_own_outages())


def _own(row: tuple[Any, ...], now: datetime) -> OwnOutage:
    *values, accounts = row
    named = zip((column.name for column in _COLUMNS), values, strict=True)
    return OwnOutage(view(Outage(**dict(named)), now), tuple(sorted(accounts)))


def view(row: Outage | OutageFacts, now: datetime) -> OutageView:
    """An outage as it stands at an instant; what was told as facts was told then."""
    stands = phase(row, now)
    late = row.expected_end_at is not None and row.expected_end_at <= now
    return OutageView(
        outage_no=row.outage_no,
        kind=row.kind,
        areas=tuple(row.areas),
        places=tuple(row.places),
        reason_code=row.reason_code,
        reason=row.reason,
        announced_at=row.announced_at,
        starts_at=row.starts_at,
        expected_end_at=row.expected_end_at,
        ended_at=row.ended_at,
        state=row.state,
        updated_at=row.updated_at if isinstance(row, Outage) else now,
        phase=stands,
        by_plan=row.state == "announced" and stands is not Phase.COMING,
        overdue=stands is Phase.NOW and late,
    )


def phase(row: Outage | OutageFacts, now: datetime) -> Phase:
    """Where an outage stands at an instant."""
    if row.state == "cancelled":
        return Phase.CANCELLED
    if row.state == "restored":
        return Phase.OVER
    if row.state == "ongoing":
        return Phase.NOW
    if now < row.starts_at:
        return Phase.COMING
    planned_end = row.expected_end_at or row.starts_at + UNTOLD
    return Phase.NOW if now < planned_end else Phase.OVER
