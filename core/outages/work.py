"""Announcing outages, changing them, and bringing them to their end.

Planned maintenance is announced a number of days ahead (the second of the ten service pledges of
the State Grid: seven); what comes at shorter notice is called temporary maintenance or has
another reason, so that nobody takes it for the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import any_, func, select
from sqlalchemy.orm import Session

from core import feed, published
from core.billing.requests import fingerprint, keep_once
from core.models import Account, ServicePoint
from core.outages.models import Outage
from runtime import clock
from runtime.errors import Conflict, NotFound

PlannedReason = Literal[
    "maintenance", "temporary_maintenance", "upgrade", "connection", "shortage", "other"
]
UnplannedReason = Literal["fault", "weather", "damage", "customer_fault", "shortage", "other"]
Reason = Literal[PlannedReason, UnplannedReason]
REASONS = {"planned": get_args(PlannedReason), "unplanned": get_args(UnplannedReason)}
"""Kind to the reasons that such an outage may have."""

NEXT = {
    "announced": {"ongoing", "restored", "cancelled"},
    "ongoing": {"restored"},
    "restored": set(),
    "cancelled": set(),
}
"""State to the states that may follow it."""

OVER = ("restored", "cancelled")
UNDER_NOTICE = "maintenance"
"""The reason that binds the utility to announce ahead."""

CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True)
class Notice:
    """An outage as it is announced."""

    kind: str
    areas: Sequence[str]
    places: Sequence[str]
    reason_code: str
    reason: str
    starts_at: datetime
    expected_end_at: datetime | None


@dataclass(frozen=True)
class Announced:
    """An outage with the number of service points it hits."""

    row: Outage
    service_points: int
    replayed: bool = False


@dataclass(frozen=True)
class Hit:
    """A service point that an outage hits."""

    service_point_no: str
    account_no: str
    address: str
    area: str


def announce(
    session: Session,
    idempotency_key: str,
    notice: Notice,
    notice_days: int,
    *,
    announced_at: datetime | None = None,
) -> Announced:
    """A new outage, or the one that the same key and notice made before.

    One that has begun when it is announced is ongoing. Raises Conflict when its times contradict
    each other, when it comes at too short notice, or when the key came with another notice.
    """
    now = clock.now()
    said_at = announced_at or now
    _check_times(notice.starts_at, notice.expected_end_at)
    row, replayed = keep_once(
        session,
        Outage,
        idempotency_key,
        fingerprint(notice),
        kind=notice.kind,
        areas=_once_each(notice.areas),
        places=_once_each(notice.places),
        reason_code=notice.reason_code,
        reason=notice.reason,
        announced_at=said_at,
        starts_at=notice.starts_at,
        expected_end_at=notice.expected_end_at,
        state="announced" if notice.starts_at > said_at else "ongoing",
        updated_at=now,
    )
    if replayed:
        return _counted(session, row, replayed=True)
    _check_notice(row, said_at, notice_days)
    feed.append(session, [published.outage(row)])
    return _counted(session, row)


def change(
    session: Session, outage_no: str, wanted: Mapping[str, Any], notice_days: int
) -> Announced:
    """Change what is given and differs. The same again is no change.

    Raises NotFound; Conflict when the outage is over, cannot come to the state, when its times
    contradict each other, when its kind has no such reason, or when maintenance is moved
    forward, or something is called so, at too short notice.
    """
    row = find_row(session, outage_no, for_update=True)
    news = {
        name: value
        for name, value in wanted.items()
        if value is not None and getattr(row, name) != value
    }
    if news:
        _apply(row, news, notice_days)
        session.flush()
        feed.append(session, [published.outage(row)])
    return _counted(session, row)


def find(session: Session, outage_no: str) -> Announced:
    """The outage of that number. Raises NotFound."""
    return _counted(session, find_row(session, outage_no))


def find_row(session: Session, outage_no: str, *, for_update: bool = False) -> Outage:
    """The outage itself. Raises NotFound."""
    query = select(Outage).where(Outage.outage_no == outage_no)
    row = session.scalar(query.with_for_update() if for_update else query)
    if row is None:
        raise NotFound("outage.not_found", outage_no=outage_no)
    return row


def listed(
    session: Session,
    *,
    state: str | None = None,
    area: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[Announced]:
    """Outages, the one announced last in front; `before` is the number to go on below."""
    points = func.count(ServicePoint.id)
    query = (
        select(Outage, points)
        .outerjoin(ServicePoint, ServicePoint.area == any_(Outage.areas))
        .group_by(Outage.id)
        .order_by(Outage.id.desc())
        .limit(limit)
    )
    if state is not None:
        query = query.where(Outage.state == state)
    if area is not None:
        query = query.where(Outage.areas.contains([area]))
    if before is not None:
        query = query.where(Outage.id < before)
    return [Announced(row, count) for row, count in session.execute(query)]


def hit_by(session: Session, outage_no: str, after: str, limit: int) -> list[Hit]:
    """The service points that an outage hits, by their numbers. Raises NotFound."""
    row = find_row(session, outage_no)
    query = (
        select(
            ServicePoint.service_point_no,
            Account.account_no,
            ServicePoint.address,
            ServicePoint.area,
        )
        .join(Account, Account.id == ServicePoint.account_id)
        .where(ServicePoint.area.in_(row.areas), ServicePoint.service_point_no > after)
        .order_by(ServicePoint.service_point_no)
        .limit(limit)
    )
    return [Hit(*found) for found in session.execute(query)]


def _counted(session: Session, row: Outage, *, replayed: bool = False) -> Announced:
    points = select(func.count()).where(ServicePoint.area.in_(row.areas))
    return Announced(row, session.scalar(points) or 0, replayed)


def _apply(row: Outage, news: dict[str, Any], notice_days: int) -> None:
    if row.state in OVER:
        raise Conflict("outage.over", state=row.state)
    before, now = row.starts_at, clock.now()
    for name in ("areas", "places"):
        if name in news:
            news[name] = _once_each(news[name])
    _check_move(row, news, now)
    for name, value in news.items():
        setattr(row, name, value)
    _check_times(row.starts_at, row.expected_end_at)
    if row.reason_code not in REASONS[row.kind]:
        raise Conflict("outage.other_reason", kind=row.kind, reasons=", ".join(REASONS[row.kind]))
    if row.starts_at < before:
        _check_notice(row, now, notice_days)
    elif "reason_code" in news:
        _check_notice(row, row.announced_at, notice_days)
    row.updated_at = now


def _check_move(row: Outage, news: dict[str, Any], now: datetime) -> None:
    """A state that may follow, and an end that belongs to it; without one it ends now."""
    state = news.get("state", row.state)
    if state != row.state and state not in NEXT[row.state]:
        raise Conflict("outage.cannot_move", state=row.state, wanted=state)
    if state not in OVER:
        if "ended_at" in news:
            raise Conflict("outage.not_over")
        return
    ended = news.setdefault("ended_at", now)
    if ended > now + CLOCKS_DIFFER:
        raise Conflict("outage.in_future")
    if state == "restored" and ended < news.get("starts_at", row.starts_at):
        raise Conflict("outage.ends_before_start")


def _check_times(starts_at: datetime, expected_end_at: datetime | None) -> None:
    if expected_end_at is not None and expected_end_at <= starts_at:
        raise Conflict("outage.ends_before_start")


def _check_notice(row: Outage, said_at: datetime, notice_days: int) -> None:
    if row.reason_code != UNDER_NOTICE:
        return
    if row.starts_at - said_at < timedelta(days=notice_days):
        raise Conflict("outage.short_notice", days=notice_days)


def _once_each(words: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(words))
