"""What the desk sees of reminders: past runs and their notices, and who is on which rung."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from notifications.arrears.ladder import ALL_KINDS, UNKNOWN_BAND, Rung, ladder
from notifications.arrears.models import ReminderRun
from notifications.models import Notice
from runtime import clock
from service.dues import dues_of
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
    """The rung that an account was last on, if any, and the next with its day."""

    last: Rung | None
    next: Rung | None
    next_day: date | None


def outcomes(session: Session) -> list[Outcome]:
    """The newest runs."""
    runs = session.scalars(select(ReminderRun).order_by(ReminderRun.day.desc()).limit(SHOWN))
    return [Outcome(run, _states(session, run)) for run in runs]


def standing(session: Session, account: Account) -> Standing | None:
    """Where an account is on the ladder by its oldest bill; None where it owes none, or prepays."""
    owed = dues_of(session, account.account_no)
    if not owed or account.settlement == "prepaid" or account.closed is not None:
        return None
    bill, score = session.get_one(Bill, owed[0].bill_no), session.get(LateScore, account.account_no)
    known = ladder()
    of_class = known.classes[known.name_of(account.kind, bill.tariff)]
    rungs = of_class.rungs_of(score.band if score else UNKNOWN_BAND)
    today = clock.today()
    past = [rung for rung in rungs if rung.day(bill.due) <= today]
    coming = [rung for rung in rungs if rung.day(bill.due) > today]
    last, ahead = (past[-1] if past else None), (coming[0] if coming else None)
    return Standing(last, ahead, ahead.day(bill.due) if ahead else None)


def _states(session: Session, run: ReminderRun) -> dict[str, int]:
    of_run = [Notice.id > run.above_id, Notice.kind.in_(ALL_KINDS)]
    if run.last_id is not None:
        of_run.append(Notice.id <= run.last_id)
    rows = session.execute(
        select(Notice.state, func.count().label("notices")).where(*of_run).group_by(Notice.state)
    )
    return {each.state: each.notices for each in rows}
