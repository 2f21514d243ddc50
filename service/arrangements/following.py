"""What becomes of arrangements: kept, broken, or over because nobody decided.

Looked at in the transaction in which money is posted, and each morning. Whoever looks holds the
row, and reads the bills after that; of two, the second sees what the first has decided.
"""

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime import clock, events
from runtime.database import Database
from service import received
from service.arrangements.models import LIVING, ArrangedPart, Arrangement
from service.arrangements.rules import rules
from service.arrangements.standing import Standing, standing
from service.events import (
    ArrangementBroken,
    ArrangementDecided,
    ArrangementKept,
    InstalmentDue,
    PaymentPosted,
)
from service.sync.status import data_as_of

RECENT = timedelta(days=3)
"""A posting older than this is history that a first load brings; the morning sees to the rest."""


def on_posted(session: Session, event: PaymentPosted) -> None:
    """Money has been posted: an arrangement that it fulfils is kept in the same transaction."""
    if clock.now() - event.posted_at > RECENT:
        return
    living = lock_living(session, event.account_no)
    if living is not None:
        follow(session, living)


def follow_all(database: Database) -> int:
    """Look at every living arrangement, each in a transaction of its own; returns how many."""
    with database.unit_of_work() as session:
        account_nos = session.scalars(
            select(Arrangement.account_no)
            .where(Arrangement.state.in_(LIVING))
            .order_by(Arrangement.id)
        ).all()
    for account_no in account_nos:
        with database.unit_of_work() as session:
            living = lock_living(session, account_no)
            if living is not None:
                follow(session, living)
    return len(account_nos)


def follow(session: Session, arrangement: Arrangement) -> None:
    """Decide what a locked living arrangement is today, and tell what is new."""
    found = standing(session, arrangement)
    _note_parts(found)
    if found.settled:
        _settled(session, arrangement)
    elif arrangement.state == "asked":
        _lapse(session, arrangement)
    elif (missed := _missed(session, found, rules().grace_days(arrangement.kind))) is not None:
        _break(session, found, missed)
    else:
        _remind(session, found)
    session.flush()


def lock_living(session: Session, account_no: str) -> Arrangement | None:
    """The account's living arrangement under lock, as it is once the lock is held."""
    return session.scalars(
        select(Arrangement)
        .where(Arrangement.account_no == account_no, Arrangement.state.in_(LIVING))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def end(arrangement: Arrangement, state: str) -> None:
    """Let a locked arrangement be over."""
    arrangement.state, arrangement.ended_at = state, clock.now()


def withdraw(session: Session, arrangement: Arrangement) -> None:
    """Its customer takes a locked living arrangement back; one that holds and was missed breaks."""
    found = standing(session, arrangement)
    _note_parts(found)
    missed = _missed(session, found, 0) if arrangement.state == "active" else None
    if missed is None:
        end(arrangement, "cancelled")
    else:
        _break(session, found, missed)
    session.flush()


def _note_parts(found: Standing) -> None:
    """Which parts are paid; one whose money was taken back is not paid any more."""
    for part in found.parts:
        part.paid_at = (part.paid_at or clock.now()) if found.is_paid(part) else None


def _settled(session: Session, arrangement: Arrangement) -> None:
    """Nothing is owed any more: kept, or a question that needs no answer."""
    if arrangement.state == "asked":
        end(arrangement, "cancelled")
        return
    end(arrangement, "kept")
    events.publish(
        session,
        ArrangementKept(
            arrangement.id,
            arrangement.account_no,
            arrangement.user_id,
            arrangement.kind,
            arrangement.total_fen,
        ),
    )


def _lapse(session: Session, arrangement: Arrangement) -> None:
    """What nobody has decided before the day of the first part is over; its customer is told."""
    first = arrangement.parts[0].day
    if clock.today() <= first:
        return
    end(arrangement, "declined")
    events.publish(session, decided(arrangement, agreed=False, lapsed=True))


def decided(
    arrangement: Arrangement, *, agreed: bool, lapsed: bool = False, note: str = ""
) -> ArrangementDecided:
    """What the customer of a question is told."""
    return ArrangementDecided(
        arrangement_id=arrangement.id,
        account_no=arrangement.account_no,
        user_id=arrangement.user_id,
        agreed=agreed,
        lapsed=lapsed,
        note=note,
        first_day=arrangement.parts[0].day,
    )


def _missed(session: Session, found: Standing, grace_days: int) -> ArrangedPart | None:
    """The part that breaks it; none while the money may be in the core or on its way there."""
    part = found.missed(clock.today(), grace_days)
    if part is None or not _is_known(session, part.day + timedelta(days=grace_days)):
        return None
    if received.on_its_way(session, found.arrangement.account_no):
        return None  # it is looked at again in the transaction that posts it
    return part


def _is_known(session: Session, day: date) -> bool:
    """Whether the copy holds all that the core knew at the end of a civil day."""
    as_of = data_as_of(session)
    return as_of is not None and as_of >= clock.civil_midnight(day + timedelta(days=1))


def _break(session: Session, found: Standing, missed: ArrangedPart) -> None:
    arrangement = found.arrangement
    end(arrangement, "broken")
    events.publish(
        session,
        ArrangementBroken(
            arrangement.id,
            arrangement.account_no,
            arrangement.user_id,
            arrangement.kind,
            missed.day,
            found.left_fen(missed),
        ),
    )


def _remind(session: Session, found: Standing) -> None:
    """Tell of the next part a few days before it is due, once."""
    part = found.next_part
    if part is None or part.reminded_at is not None or not _is_soon(part.day):
        return
    part.reminded_at = clock.now()
    arrangement = found.arrangement
    events.publish(
        session,
        InstalmentDue(
            arrangement_id=arrangement.id,
            account_no=arrangement.account_no,
            user_id=arrangement.user_id,
            kind=arrangement.kind,
            number=part.number,
            parts=len(found.parts),
            day=part.day,
            amount_fen=found.left_fen(part),
        ),
    )


def _is_soon(day: date) -> bool:
    return 0 <= (day - clock.today()).days <= rules().remind_days
