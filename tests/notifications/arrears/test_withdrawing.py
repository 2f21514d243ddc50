"""Paid in the meantime: the reminder goes with the money, in one transaction."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications import notices
from notifications.arrears import pausing, withdrawing
from notifications.arrears.models import ReminderPause
from notifications.models import COMPOSED, SENDING, WAITING, Message, Notice
from runtime import clock, events
from runtime.database import Database
from runtime.errors import Conflict, Refused
from service.audit import AuditEntry
from service.events import BillsIssued, PaymentPosted
from service.models import Bill
from tests.notifications.arrears.conftest import TODAY, Goes
from tests.service.builders import create_bill, create_customer, create_user


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    with (
        events.subscribed(PaymentPosted, withdrawing.withdraw_paid),
        events.subscribed(BillsIssued, withdrawing.withdraw_corrected),
    ):
        yield


@pytest.fixture
def owed(database: Database) -> Bill:
    """A bill that is three days late, and a reminder of it that waits."""
    with database.unit_of_work() as session:
        user, account = create_customer(session)
        bill = create_bill(session, account, total_fen=5000, due=TODAY - timedelta(days=3))
        notices.tell(
            session, "arrears.late_3", key="k", user_id=user.id, account_no=account.account_no
        )
    return bill


def _state(database: Database) -> tuple[str, str | None]:
    with database.unit_of_work() as session:
        notice = session.scalars(select(Notice)).one()
        return notice.state, notice.reason


def _compose(database: Database, state: str) -> None:
    """Let a message carry the reminder, in a state."""
    with database.unit_of_work() as session:
        notice = session.scalars(select(Notice)).one()
        message = Message(
            channel="sms",
            reference="r",
            template="arrears_late_3_zh",
            recipient="13800002046",
            recipient_index=b"x",
            params="{}",
            state=state,
            notice_ids=[notice.id],
        )
        session.add(message)
        session.flush()
        notice.state, notice.message_id = COMPOSED, message.id


def _post(session: Session, bill: Bill, fen: int) -> None:
    """What a sync does: the bill is settled, and the posting is heard of."""
    session.get_one(Bill, bill.bill_no).settled_fen += fen
    session.flush()
    posted = PaymentPosted("P1", bill.account_no, "O1", fen, clock.now())
    events.publish(session, posted)


def test_what_waits_is_taken_back_with_the_posting(database: Database, owed: Bill) -> None:
    with database.unit_of_work() as session:
        _post(session, owed, 5000)
        with database.unit_of_work() as other:
            assert other.scalars(select(Notice.state)).one() == WAITING
    assert _state(database) == ("withdrawn", "paid")


def test_what_is_rolled_back_is_still_owed_and_told(database: Database, owed: Bill) -> None:
    with database.unit_of_work() as session:
        _post(session, owed, 5000)
        assert session.scalars(select(Notice.state)).one() == "withdrawn"
        session.rollback()
    assert _state(database) == (WAITING, None)


def test_a_part_paid_leaves_the_reminder_of_the_rest(database: Database, owed: Bill) -> None:
    with database.unit_of_work() as session:
        _post(session, owed, 4999)
    assert _state(database) == (WAITING, None)


def test_a_message_that_is_not_sent_is_taken_back_too(database: Database, owed: Bill) -> None:
    _compose(database, WAITING)
    with database.unit_of_work() as session:
        _post(session, owed, 5000)
    assert _state(database) == ("withdrawn", "paid")
    with database.unit_of_work() as session:
        assert session.scalars(select(Message.state)).one() == "withdrawn"


def test_what_a_provider_has_in_hand_is_told(database: Database, owed: Bill) -> None:
    _compose(database, SENDING)
    with database.unit_of_work() as session:
        _post(session, owed, 5000)
    assert _state(database) == (COMPOSED, None)
    with database.unit_of_work() as session:
        assert session.scalars(select(Message.state)).one() == SENDING


def test_an_old_posting_of_a_first_load_takes_nothing_back(
    database: Database, owed: Bill, later: Goes
) -> None:
    with database.unit_of_work() as session:
        session.get_one(Bill, owed.bill_no).settled_fen = 5000
        session.flush()
        at = clock.now() - timedelta(days=4)
        events.publish(session, PaymentPosted("P1", owed.account_no, "O1", 5000, at))
    assert _state(database) == (WAITING, None)


def test_a_corrected_bill_takes_its_reminder_back(database: Database, owed: Bill) -> None:
    with database.unit_of_work() as session:
        old = session.get_one(Bill, owed.bill_no)
        old.status = "cancelled"
        new = Bill(
            **{each.name: getattr(old, each.name) for each in Bill.__table__.columns}
            | {
                "bill_no": "B-again",
                "status": "issued",
                "revision": 1,
                "issued_at": clock.now(),
                "due": TODAY + timedelta(days=14),
            }
        )
        session.add(new)
        session.flush()
        events.publish(session, BillsIssued((), (), ("B-again",)))
    assert _state(database) == ("withdrawn", "corrected")


def test_a_pause_takes_back_what_waits_and_stands_in_the_trail(
    database: Database, owed: Bill
) -> None:
    with database.unit_of_work() as session:
        lead = create_user(session, staff_role="lead").id
        assert pausing.pause(session, " 数据  不对 ", by=lead) == 1
    assert _state(database) == ("withdrawn", "paused")
    with database.unit_of_work() as session:
        entry = session.scalars(select(AuditEntry)).one()
        assert (entry.deed, entry.subject, entry.reason) == (
            "reminders.paused",
            "reminders",
            "数据 不对",
        )
        with pytest.raises(Conflict, match=r"reminders\.paused"):
            pausing.pause(session, "again", by=lead)
        with pytest.raises(Refused, match=r"trail\.reason_needed"):
            pausing.resume(session, " ", by=lead)
        pausing.resume(session, "改好了", by=lead)
        with pytest.raises(Conflict, match=r"reminders\.running"):
            pausing.resume(session, "again", by=lead)
        assert [each.withdrawn for each in session.scalars(select(ReminderPause))] == [1]
