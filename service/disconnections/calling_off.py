"""Calling a disconnection off: by money, by an arrangement, by the desk, or for an unmet rule.

`WHY` are the codes; each has words at the desk.
"""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime import clock, events
from runtime.errors import Conflict, NotFound, Refused
from service import audit
from service.disconnections.models import LIVING, Disconnection
from service.disconnections.standing_against import is_arranged, overdue_bills
from service.events import (
    ArrangementDecided,
    ArrangementMade,
    DisconnectionCalledOff,
    PaymentPosted,
)

CALLED_OFF = "disconnection.called_off"
"""The deed in the trail."""
WHY = (
    "paid",
    "not_overdue",
    "arrangement",
    "protected",
    "low_income",
    "season",
    "disputed",
    "prepaid",
    "desk",
    "declined",
    "undecided",
    "notice_late",
    "warning_late",
    "hour_passed",
    "stale",
)
"""Codes of why: of the account, then of the desk, then of what was not done in time."""
RECENT = timedelta(days=3)


def on_posted(session: Session, event: PaymentPosted) -> None:
    """Money has been posted: when nothing is overdue any more, it is off in this transaction."""
    if clock.now() - event.posted_at > RECENT:  # what a first load brings is history
        return
    living = lock_living(session, event.account_no)
    if living is not None and not overdue_bills(session, event.account_no, clock.today()):
        call_off(session, living, "paid")


def on_arrangement(session: Session, event: ArrangementMade) -> None:
    """A promise of all that is overdue calls it off; a question once it is answered with yes."""
    if event.state == "active" and is_arranged(session, event.account_no):
        call_off_living(session, event.account_no, "arrangement")


def on_decided(session: Session, event: ArrangementDecided) -> None:
    """Instalments that were agreed to call it off."""
    if event.agreed:
        call_off_living(session, event.account_no, "arrangement")


def by_the_desk(session: Session, disconnection_id: int, reason: str, *, by: int) -> None:
    """Call it off for a reason that stands in the trail.

    Raises NotFound("disconnection.none"), Conflict("disconnection.over"),
    Refused("customer.reason_missing").
    """
    found = lock(session, disconnection_id)
    if found.state not in LIVING:
        raise Conflict("disconnection.over")
    if not reason.strip():
        raise Refused("customer.reason_missing")
    audit.record(
        session,
        by=by,
        deed=CALLED_OFF,
        subject=found.account_no,
        reason=reason,
        about=f"disconnection {found.id}",
    )
    call_off(session, found, "desk", by=by)


def call_off_living(session: Session, account_no: str, why: str, *, by: int | None = None) -> None:
    """Call off what is planned for an account, if anything is."""
    living = lock_living(session, account_no)
    if living is not None:
        call_off(session, living, why, by=by)


def call_off(session: Session, found: Disconnection, why: str, *, by: int | None = None) -> None:
    """Call off a living disconnection that is locked, and tell so."""
    was = found.state
    found.state, found.why = "called_off", why
    found.ended_at, found.ended_by = clock.now(), by
    session.flush()
    events.publish(
        session,
        DisconnectionCalledOff(
            disconnection_id=found.id,
            account_no=found.account_no,
            at=found.at,
            was=was,
            told=found.notice_told_at is not None,
            why=why,
            by=by,
        ),
    )


def lock(session: Session, disconnection_id: int) -> Disconnection:
    """A disconnection under lock, as it is now. Raises NotFound("disconnection.none")."""
    found = session.get(
        Disconnection, disconnection_id, with_for_update=True, populate_existing=True
    )
    if found is None:
        raise NotFound("disconnection.none")
    return found


def lock_living(session: Session, account_no: str) -> Disconnection | None:
    """The account's living disconnection under lock."""
    return session.scalars(
        select(Disconnection)
        .where(Disconnection.account_no == account_no, Disconnection.state.in_(LIVING))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
