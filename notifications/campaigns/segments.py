"""Whom a campaign is for: a query over tariff, area, class, risk and reach, kept as data."""

import msgspec
from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from notifications.audience import PAYERS
from notifications.campaigns.models import Segment
from notifications.channels.base import Channel
from notifications.kinds import Level, kind
from notifications.preferences.models import NoticeChoice
from notifications.preferences.reach import reached
from runtime import clock
from runtime.errors import Conflict, NotFound, Refused
from service.dues import is_open
from service.insight.models import LateScore
from service.models import Account, Bill, Link, ServicePoint, User

LONGEST_NAME = 60


class Criteria(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What its people have in common; an empty one asks for nothing.

    `in_arrears`: an account has a bill that is past its due day. `channel`: they can be reached
    by it. A person with several accounts is one person.
    """

    tariffs: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    bands: tuple[str, ...] = ()
    in_arrears: bool = False
    channel: str | None = None


def people(criteria: Criteria, kind_name: str) -> Select[int]:
    """The ids of the users whom a campaign of this kind may address, once each.

    News goes to those alone who have agreed to it, whatever the query says.
    """
    found = kind(kind_name)
    theirs = (
        select(Link.user_id)
        .join(Account, Account.account_no == Link.account_no)
        .join(User, User.id == Link.user_id)
        .where(Link.ended_at.is_(None), Link.role.in_(PAYERS))
        .where(Account.closed.is_(None), User.disabled_at.is_(None))
    )
    theirs = _of_account(theirs, criteria)
    if criteria.channel is not None:
        theirs = theirs.where(reached()[Channel(criteria.channel)])
    if found.level is Level.NEWS:
        theirs = theirs.where(_has_agreed(found.topic))
    return theirs.distinct()


def count(session: Session, criteria: Criteria, kind_name: str) -> int:
    """How many people that is now."""
    of_all = people(criteria, kind_name).subquery()
    return session.scalar(select(func.count()).select_from(of_all)) or 0


def keep(session: Session, name: str, criteria: Criteria, *, by: int) -> Segment:
    """Keep a query under a name. Raises Refused("segment.no_name"), Conflict("segment.known")."""
    if not (name := name.strip()[:LONGEST_NAME]):
        raise Refused("segment.no_name")
    values = {"name": name, "criteria": msgspec.to_builtins(criteria), "created_by": by}
    written = insert(Segment).values(values).on_conflict_do_nothing().returning(Segment)
    kept = session.scalars(written).one_or_none()
    if kept is None:
        raise Conflict("segment.known", name=name)
    return kept


def segment(session: Session, segment_id: int) -> Segment:
    """A kept query. Raises NotFound("segment.not_found")."""
    found = session.get(Segment, segment_id)
    if found is None:
        raise NotFound("segment.not_found")
    return found


def segments(session: Session) -> list[Segment]:
    """All that are kept, by name."""
    return list(session.scalars(select(Segment).order_by(Segment.name)))


def forget(session: Session, segment_id: int) -> None:
    """Keep a query no longer; campaigns have their own copy. Raises NotFound."""
    session.delete(segment(session, segment_id))


def criteria_of(kept: dict[str, object]) -> Criteria:
    """A query as it was kept. Raises msgspec.ValidationError for one that is not."""
    return msgspec.convert(kept, Criteria)


def _of_account(theirs: Select[int], criteria: Criteria) -> Select[int]:
    """Kept to accounts of these classes, bands, tariffs, areas, and in arrears."""
    if criteria.classes:
        theirs = theirs.where(Account.kind.in_(criteria.classes))
    if criteria.bands:
        scored = LateScore.account_no == Account.account_no
        theirs = theirs.where(exists().where(scored, LateScore.band.in_(criteria.bands)))
    if criteria.in_arrears:
        theirs = theirs.where(_overdue())
    if criteria.tariffs or criteria.areas:
        theirs = theirs.where(_at_point(criteria))
    return theirs


def _has_agreed(topic: str) -> ColumnElement[bool]:
    """To hear of the topic on one channel at least."""
    return exists().where(
        NoticeChoice.user_id == User.id, NoticeChoice.topic == topic, NoticeChoice.is_on
    )


def _overdue() -> ColumnElement[bool]:
    return exists().where(
        Bill.account_no == Account.account_no,
        is_open(),
        Bill.due < clock.today(),
    )


def _at_point(criteria: Criteria) -> ColumnElement[bool]:
    """One and the same service point has one of the tariffs and lies in one of the areas."""
    at = exists().where(ServicePoint.account_no == Account.account_no)
    if criteria.tariffs:
        at = at.where(ServicePoint.tariff.in_(criteria.tariffs))
    return at.where(ServicePoint.area.in_(criteria.areas)) if criteria.areas else at
