"""What was done is written down with the deed, in a chain in which every gap shows."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from runtime.database import Database
from runtime.errors import Refused
from service import audit
from service.audit import AuditEntry
from service.people import users

MORNING = datetime(2026, 12, 15, 1, 30, tzinfo=UTC)
ACCOUNT = "420011875603"


@pytest.fixture
def agent(database: Database) -> int:
    with database.unit_of_work() as session:
        return users.add_user(session, "13900000001", password_hash=None).id


def write(database: Database, by: int, subject: str = ACCOUNT, reason: str = "来电问账单") -> int:
    with database.unit_of_work() as session:
        return audit.record(session, by=by, deed="seen", subject=subject, reason=reason).id


def entries(database: Database) -> list[AuditEntry]:
    with database.unit_of_work() as session:
        return list(session.scalars(select(AuditEntry).order_by(AuditEntry.number)))


def test_an_entry_says_who_what_why_when_and_from_where(
    database: Database, agent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.clock.now", lambda: MORNING)
    with database.unit_of_work() as session:
        session.info[audit.ADDRESS] = "192.0.2.7"
        audit.record(
            session,
            by=agent,
            deed="seen",
            subject=ACCOUNT,
            reason=" 来电\n问账单 ",
            about="BX2611210001",
        )
    (entry,) = entries(database)
    assert (entry.at, entry.user_id, entry.deed) == (MORNING, agent, "seen")
    assert (entry.subject, entry.reason, entry.about) == (ACCOUNT, "来电 问账单", "BX2611210001")
    assert (entry.address, entry.number, entry.before) == ("192.0.2.7", 1, b"")


def test_each_carries_the_hash_of_the_one_before(database: Database, agent: int) -> None:
    for number in range(3):
        write(database, agent, str(number))
    found = entries(database)
    assert [each.number for each in found] == [1, 2, 3]
    assert [each.before for each in found] == [b"", found[0].hash, found[1].hash]
    assert all(len(each.hash or b"") == 32 for each in found)


def test_two_in_one_transaction_stand_one_after_the_other(database: Database, agent: int) -> None:
    with database.unit_of_work() as session:
        for subject in ("1", "2"):
            audit.record(session, by=agent, deed="seen", subject=subject, reason="来电")
    assert [(each.number, each.subject) for each in entries(database)] == [(1, "1"), (2, "2")]


def test_what_is_rolled_back_leaves_neither_entry_nor_gap(database: Database, agent: int) -> None:
    write(database, agent, "1")
    with database.unit_of_work() as session:
        audit.record(session, by=agent, deed="seen", subject="2", reason="来电")
        session.rollback()
    write(database, agent, "3")
    assert [(each.number, each.subject) for each in entries(database)] == [(1, "1"), (2, "3")]


@pytest.mark.parametrize("reason", ["", " \n"])
def test_without_a_why_nothing_is_done(database: Database, agent: int, reason: str) -> None:
    with database.unit_of_work() as session, pytest.raises(Refused, match=r"trail\.reason_needed"):
        audit.record(session, by=agent, deed="seen", subject=ACCOUNT, reason=reason)
    assert entries(database) == []


def test_a_request_is_a_why(database: Database, agent: int) -> None:
    with database.unit_of_work() as session:
        audit.record(session, by=agent, deed="seen", subject="1", reason="", about="BX2611210001")
    assert [each.reason for each in entries(database)] == [None]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET subject = 'another'",
        "UPDATE audit_entry SET hash = NULL, number = NULL",
        "DELETE FROM audit_entry",
        "INSERT INTO audit_entry (at, user_id, deed, subject, about, address, number)"
        " SELECT at, user_id, deed, subject, 'x', address, 7 FROM audit_entry",
    ],
)
def test_the_database_keeps_it_as_it_was_written(
    database: Database, agent: int, statement: str
) -> None:
    write(database, agent)
    with pytest.raises(DBAPIError, match="never changed"), database.unit_of_work() as session:
        session.execute(text(statement))
    assert [each.subject for each in entries(database)] == [ACCOUNT]


def test_an_entry_cannot_be_changed_before_it_is_in_the_chain(
    database: Database, agent: int
) -> None:
    with database.unit_of_work() as session:
        entry = audit.record(session, by=agent, deed="seen", subject="1", reason="来电")
        entry.subject = "2"
        with pytest.raises(DBAPIError, match="never changed"):
            session.flush()
        session.rollback()


def test_only_people_of_ours_are_in_it(database: Database) -> None:
    with pytest.raises(IntegrityError, match="fk_audit_entry_user_id"):
        write(database, 4711)
