"""What a brake takes back at once is more than the server takes parameters of one statement."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from notifications import notices
from notifications.arrears import withdrawing
from notifications.models import Message, Notice
from runtime import clock
from runtime.database import Database

MANY = 65_536
"""One more than the parameters of a statement."""
_MESSAGES = """
    INSERT INTO message (channel, reference, template, recipient_index, state, notice_ids)
    SELECT 'sms', n::text, 'arrears_late_3_zh', '', 'waiting', ARRAY[n]
    FROM generate_series(1, :many) AS n
"""
_NOTICES = """
    INSERT INTO notice (key, kind, account_no, state, message_id)
    SELECT reference, 'arrears.late_3', '770000000001', 'composed', id FROM message
"""


@pytest.fixture(autouse=True)
def composed(database: Database) -> None:
    """Reminders that are messages already, and wait for their turn."""
    with database.unit_of_work() as session:
        session.execute(text(_MESSAGES), {"many": MANY})
        session.execute(text(_NOTICES))


def _states(session: Session, model: type[Notice] | type[Message]) -> dict[str, int]:
    rows = session.execute(select(model.state, func.count().label("number")).group_by(model.state))
    return {each.state: each.number for each in rows}


def test_all_of_them_are_taken_back(database: Database) -> None:
    with database.unit_of_work() as session:
        assert withdrawing.withdraw_all(session) == MANY
    with database.reading() as session:
        assert _states(session, Notice) == _states(session, Message) == {"withdrawn": MANY}


def test_all_of_them_are_held(database: Database) -> None:
    until = clock.now() + timedelta(days=1)
    with database.unit_of_work() as session:
        notices.hold(session, Notice.kind == "arrears.late_3", until=until)
    with database.reading() as session:
        assert _states(session, Notice) == {"waiting": MANY}
        assert _states(session, Message) == {"withdrawn": MANY}
        assert session.scalars(select(Notice.message_id).distinct()).all() == [None]
