"""The clock of disconnections: was the notice told in time, the warnings, and the hour itself.

Whatever is not as the rules say calls it off; nothing is done late to make up for it.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
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
        _warn(session, account, found)
        if clock.now() >= found.at:
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
    given = _given(session, found)
    slack = timedelta(minutes=rules().at_the_hour.warn_late_minutes)
    return any(
        minutes not in given and clock.now() > found.at - timedelta(minutes=minutes) + slack
        for minutes in rules().of(account).warn_minutes
    )


def _given(session: Session, found: Disconnection) -> set[int]:
    query = select(DisconnectionWarning.minutes_before)
    return set(session.scalars(query.where(DisconnectionWarning.disconnection_id == found.id)))


def _warn(session: Session, account: Account, found: Disconnection) -> None:
    """Publish the warnings whose moment has come, each once."""
    for minutes in rules().of(account).warn_minutes:
        if clock.now() < found.at - timedelta(minutes=minutes):
            continue
        new = session.scalar(
            insert(DisconnectionWarning)
            .values(disconnection_id=found.id, minutes_before=minutes, told_at=clock.now())
            .on_conflict_do_nothing()
            .returning(DisconnectionWarning.minutes_before)
        )
        if new is not None:
            _publish_near(session, found, minutes)


def _publish_near(session: Session, found: Disconnection, minutes: int) -> None:
    bills = overdue_bills(session, found.account_no, clock.today())
    events.publish(
        session,
        DisconnectionNear(found.id, found.account_no, found.at, minutes, overdue_fen(bills)),
    )
