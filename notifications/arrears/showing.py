"""What the desk sees of reminders: past runs and their notices, and who is on which rung."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from notifications.arrears import telling
from notifications.arrears.ladder import ALL_KINDS, UNKNOWN_BAND, Ladder, Rung, ladder
from notifications.arrears.models import ReminderRun
from notifications.models import Notice
from runtime import clock
from service.dues import Due
from service.insight.models import LateScore
from service.models import Account, Bill

SHOWN = 14
"""Runs that are listed."""


@dataclass(frozen=True)
class Outcome:
    """A run, and its notices by what became of them."""

    run: ReminderRun
    states: dict[str, int]


@dataclass(frozen=True)
class Standing:
    """The rung that an account was last on, if any, and the next with its day.

    `rests`: nothing is told today, because money is under way, or something lets it rest.
    """

    last: Rung | None
    next: Rung | None
    next_day: date | None
    rests: bool


def outcomes(session: Session) -> list[Outcome]:
    """The newest runs."""
    runs = session.scalars(select(ReminderRun).order_by(ReminderRun.day.desc()).limit(SHOWN))
    return [Outcome(run, _states(session, run)) for run in runs]


def standing(session: Session, account: Account, owed: Sequence[Due]) -> Standing | None:
    """Where an account is on the ladder by the oldest of what it owes; None where that is nothing.

    Who prepays, or is closed, is on no ladder.
    """
    if not owed or account.settlement == "prepaid" or account.closed is not None:
        return None
    known, today, due = ladder(), clock.today(), owed[0].due
    rungs = _rungs(session, known, account, owed[0].bill_no)
    past = [rung for rung in rungs if rung.day(due) <= today]
    coming = [rung for rung in rungs if rung.day(due) > today]
    last, ahead = (past[-1] if past else None), (coming[0] if coming else None)
    rests = account.account_no not in telling.owed_of(session, [account.account_no], today)
    return Standing(last, ahead, ahead.day(due) if ahead else None, rests)


def _rungs(session: Session, known: Ladder, account: Account, bill_no: str) -> tuple[Rung, ...]:
    tariff, band = session.execute(
        select(Bill.tariff, func.coalesce(LateScore.band, UNKNOWN_BAND))
        .outerjoin(LateScore, LateScore.account_no == Bill.account_no)
        .where(Bill.bill_no == bill_no)
    ).one()
    return known.classes[known.name_of(account.kind, tariff)].rungs_of(band)


def _states(session: Session, run: ReminderRun) -> dict[str, int]:
    of_run = [Notice.id > run.above_id, Notice.kind.in_(ALL_KINDS)]
    if run.last_id is not None:
        of_run.append(Notice.id <= run.last_id)
    rows = session.execute(
        select(Notice.state, func.count().label("notices")).where(*of_run).group_by(Notice.state)
    )
    return {each.state: each.notices for each in rows}
