"""Who hears of outages: everybody with an account in the area, and whoever watches it by choice."""

from collections.abc import Collection

from sqlalchemy import Subquery, delete, func, select, text, union
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime.errors import NotFound, Refused
from service.access import Right, roles_with
from service.models import Account, Link, ServicePoint
from service.outages.models import AreaWatch

MOST = 30
"""Areas that one person may watch; whoever wants more reads the list."""


def watch(session: Session, user_id: int, areas: Collection[str]) -> None:
    """Tell this user of outages of the areas from now on; watching twice is watching once.

    Raises NotFound("outage.area_unknown") and Refused("outage.watch_too_many").
    """
    if not areas or not set(areas) <= set(known_areas(session)):
        raise NotFound("outage.area_unknown")
    if len(watched(session, user_id) | set(areas)) > MOST:
        raise Refused("outage.watch_too_many", most=MOST)
    rows = [{"user_id": user_id, "area": area} for area in sorted(areas)]
    session.execute(insert(AreaWatch).values(rows).on_conflict_do_nothing())


def unwatch(session: Session, user_id: int, areas: Collection[str]) -> None:
    """Tell them no more; areas that were not watched change nothing."""
    session.execute(
        delete(AreaWatch).where(AreaWatch.user_id == user_id, AreaWatch.area.in_(areas))
    )


def watched(session: Session, user_id: int) -> set[str]:
    """The areas that this user watches by choice."""
    return set(session.scalars(select(AreaWatch.area).where(AreaWatch.user_id == user_id)))


def audience(areas: Collection[str]) -> Subquery:
    """The users who hear of an outage of these areas; one column, `user_id`."""
    hit = (
        select(Link.user_id)
        .join(Account, Account.account_no == Link.account_no)
        .join(ServicePoint, ServicePoint.account_no == Account.account_no)
        .where(ServicePoint.area.in_(areas), Link.ended_at.is_(None), Account.closed.is_(None))
        .where(Link.role.in_(roles_with(Right.SEE_BILLS)))
    )
    by_choice = select(AreaWatch.user_id).where(AreaWatch.area.in_(areas))
    return union(hit, by_choice).subquery()


def households(session: Session, areas: Collection[str]) -> int:
    """How many open accounts lie in the areas: for saying how many are dark, never who."""
    query = (
        select(func.count(Account.account_no.distinct()))
        .join(ServicePoint, ServicePoint.account_no == Account.account_no)
        .where(ServicePoint.area.in_(areas), Account.closed.is_(None))
    )
    return session.scalar(query) or 0


def known_areas(session: Session) -> list[str]:
    """Every area in which there is a service point, by name.

    It goes from one area to the next in the index: there are a thousand times as many points.
    """
    return list(session.scalars(_AREAS))


_AREAS = text("""
    WITH RECURSIVE one AS (
        (SELECT area FROM service_point WHERE area > '' ORDER BY area LIMIT 1)
        UNION ALL
        SELECT (
            SELECT point.area FROM service_point point
            WHERE point.area > one.area ORDER BY point.area LIMIT 1
        ) FROM one WHERE one.area IS NOT NULL
    )
    SELECT area FROM one WHERE area IS NOT NULL ORDER BY area
""")
