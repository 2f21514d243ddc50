"""A morning in December, people who owe, and the reminders of the day."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from notifications.arrears import running
from notifications.arrears.models import ReminderRun
from notifications.models import Notice
from runtime import clock
from runtime.database import Database

NOW = datetime(2026, 12, 7, 22, 5, tzinfo=UTC)
"""Tuesday 8 December 2026, five past six in the morning in China."""
TODAY = date(2026, 12, 8)

Goes = Callable[[float], None]
Told = Callable[[], list[tuple[str, str | None, int | None]]]


@pytest.fixture(autouse=True)
def later() -> Iterator[Goes]:
    """It is `NOW`; the function lets so many days go by."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield lambda days: traveller.shift(timedelta(days=days))


@pytest.fixture
def run(database: Database) -> Callable[[], ReminderRun]:
    """The reminders of the day that it is."""
    return lambda: running.run(database, clock.today())


@pytest.fixture
def told(database: Database) -> Told:
    """Kind, account and user of all notices that were not taken back, the oldest first."""

    def read() -> list[tuple[str, str | None, int | None]]:
        with database.unit_of_work() as session:
            rows = session.execute(
                select(Notice.kind, Notice.account_no, Notice.user_id)
                .where(Notice.state != "withdrawn")
                .order_by(Notice.id)
            )
            return [(kind, account_no, user_id) for kind, account_no, user_id in rows]

    return read
