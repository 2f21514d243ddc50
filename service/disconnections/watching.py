"""The clock of disconnections: was the notice told in time, the warnings, and the hour itself.

Whatever is not as the rules say calls it off; nothing is done late to make up for it.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime import clock, events
from runtime.database import Database
from service.disconnections import calling_off
from service.disconnections.models import Disconnection, DisconnectionWarning
from service.disconnections.rules import rules
from service.disconnections.standing_against import (
    hindrance,
    notice_by,
    overdue_bills,
    overdue_fen,
)
from service.events import DisconnectionNear
from service.models import Account
from service.sync.status import data_as_of

WATCHED = ("asked", "planned", "noticed")


def note_told(session: Session, disconnection_id: int, at: datetime) -> bool:
    """The first notice of a planned disconnection provably went out at that moment.

    Said by whoever sends it. False when it was known, or is over; the first word counts.
    """
    found = session.get(
        Disconnection, disconnection_id, with_for_update=True, populate_existing=True
    )
    if found is None or found.state != "planned":
        return False
    found.state, found.notice_told_at = "noticed", at
    session.flush()
    return True


def note_untold(session: Session, disconnection_id: int) -> None:
    """The notice turned out to have reached nobody: the customer does not know, as before it."""
    found = calling_off.lock(session, disconnection_id)
    if found.state == "noticed":
        found.state, found.notice_told_at = "planned", None
        session.flush()


def note_warned(session: Session, disconnection_id: int, minutes: int, at: datetime) -> bool:
    """The warning of so many minutes before the hour provably went out at that moment.

    Said by whoever sends it. False when it was known, or is over; the first word counts.
    """
    found = session.get(
        Disconnection, disconnection_id, with_for_update=True, populate_existing=True
    )
    if found is None or found.state != "noticed":
        return False
    new = session.scalar(
        insert(DisconnectionWarning)
        .values(disconnection_id=found.id, minutes_before=minutes, told_at=at)
        .on_conflict_do_nothing()
        .returning(DisconnectionWarning.minutes_before)
    )
    return new is not None


def note_unwarned(session: Session, disconnection_id: int, minutes: int) -> None:
    """That warning turned out to have reached nobody: it counts as not given."""
    found = calling_off.lock(session, disconnection_id)
    if found.state == "noticed":
        given = DisconnectionWarning.disconnection_id == found.id
        session.execute(
            delete(DisconnectionWarning).where(
                given, DisconnectionWarning.minutes_before == minutes
            )
        )


def watch(database: Database) -> int:
    """Look at all that is planned, each in a transaction of its own; returns how many."""
    with database.unit_of_work() as session:
        ids = session.scalars(
            select(Disconnection.id)
            .where(Disconnection.state.in_(WATCHED))
            .order_by(Disconnection.at, Disconnection.id)
        ).all()
    for disconnection_id in ids:
        with database.unit_of_work() as session:
            found = calling_off.lock(session, disconnection_id)
            if found.state in WATCHED:
                look(session, found)
    return len(ids)


def look(session: Session, found: Disconnection) -> None:
    """Do what is to be done now about one that is locked."""
    account = session.get_one(Account, found.account_no)
    if why := _unmet(session, account, found):
        calling_off.call_off(session, found, why)
        return
    if found.state == "noticed":
        waiting = _warn(session, account, found)
        if clock.now() >= found.at and not waiting:
            found.state, found.due_at = "due", clock.now()
    session.flush()


def _unmet(session: Session, account: Account, found: Disconnection) -> str | None:
    """Why it cannot be any more, by code; None when nothing stands against it."""
    if not _was_told_in_time(account, found):
        return "undecided" if found.state == "asked" else "notice_late"
    refusal = hindrance(session, account, found.at)
    if refusal is not None:
        return refusal.code.removeprefix("disconnection.")
    return _late(session, account, found)


def _was_told_in_time(account: Account, found: Disconnection) -> bool:
    """Whether the customer knew in time, or there is time left to tell them."""
    told = found.notice_told_at or clock.now()
    return told <= notice_by(account, found.at)


def _late(session: Session, account: Account, found: Disconnection) -> str | None:
    """What is looked at near the hour: warnings given, the hour not gone by, the copy fresh."""
    now, last = clock.now(), rules().at_the_hour
    if now > found.at + timedelta(minutes=last.late_minutes):
        return "hour_passed"
    if _missed_warning(session, account, found):
        return "warning_late"
    if now >= found.at - _first_warning(account) and _is_stale(session):
        return "stale"
    return None


def _first_warning(account: Account) -> timedelta:
    return timedelta(minutes=max(rules().of(account).warn_minutes))


def _is_stale(session: Session) -> bool:
    """Whether money may be in the core that has not come here."""
    as_of = data_as_of(session)
    fresh = timedelta(hours=rules().at_the_hour.fresh_hours)
    return as_of is None or clock.now() - as_of > fresh


def _missed_warning(session: Session, account: Account, found: Disconnection) -> bool:
    """Whether the moment of a warning has gone by without it."""
    ungiven = _ungiven(session, account, found)
    return any(clock.now() > _latest(found, minutes) for minutes in ungiven)


def _ungiven(session: Session, account: Account, found: Disconnection) -> list[int]:
    """The warnings, in minutes before the hour, that nobody provably had in time."""
    rows = session.scalars(
        select(DisconnectionWarning).where(DisconnectionWarning.disconnection_id == found.id)
    )
    given = {
        row.minutes_before for row in rows if row.told_at <= _latest(found, row.minutes_before)
    }
    return [minutes for minutes in rules().of(account).warn_minutes if minutes not in given]


def _latest(found: Disconnection, minutes: int) -> datetime:
    """When a warning is given in time at the latest."""
    slack = timedelta(minutes=rules().at_the_hour.warn_late_minutes)
    return found.at - timedelta(minutes=minutes) + slack


def _warn(session: Session, account: Account, found: Disconnection) -> list[int]:
    """Publish the warnings whose moment has come; returns all that are not given yet.

    Each is published every minute until it is known to be told, or is late; whoever tells it
    does so once.
    """
    ungiven = _ungiven(session, account, found)
    for minutes in ungiven:
        if clock.now() >= found.at - timedelta(minutes=minutes):
            _publish_near(session, found, minutes)
    return ungiven


def _publish_near(session: Session, found: Disconnection, minutes: int) -> None:
    bills = overdue_bills(session, found.account_no, clock.today())
    events.publish(
        session,
        DisconnectionNear(found.id, found.account_no, found.at, minutes, overdue_fen(bills)),
    )
