"""The days to come: how many accounts each will remind, counted once a day's own are written down.

Nobody waits for it, so it is a transaction of its own; one that is killed is begun anew.
"""

from datetime import date, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from notifications.arrears import choosing
from notifications.arrears.ladder import Ladder, falling, ladder
from notifications.arrears.models import DONE, ReminderRun
from runtime.database import Database

AHEAD = 7
"""Days to come whose reminders are counted."""


def foresee(database: Database, day: date) -> None:
    """Count the days after `day`, once its reminders are made; a second time does nothing."""
    with database.unit_of_work() as session:
        session.execute(text("SET LOCAL statement_timeout = '10min'"))
        found = session.scalar(
            select(ReminderRun)
            .where(ReminderRun.day == day, ReminderRun.state == DONE, ReminderRun.ahead.is_(None))
            .with_for_update()
        )
        if found is not None:
            days = [day + timedelta(days=each + 1) for each in range(AHEAD)]
            known = ladder()
            found.ahead = {each.isoformat(): _expected(session, known, each) for each in days}


def _expected(session: Session, known: Ladder, day: date) -> dict[str, dict[str, int]]:
    """Accounts by class and kind that a day will remind, if nobody pays before."""
    steps = falling(known, day)
    counts: dict[str, dict[str, int]] = {}
    if steps:
        chosen = choosing.chosen_of(known, steps, day).subquery()
        for class_name, kind, accounts in session.execute(choosing.counted(chosen)):
            counts.setdefault(class_name, {})[kind] = accounts
    return counts
