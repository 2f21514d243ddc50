"""The trail is found by person, number and day, and whatever was done to it shows."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner
from sqlalchemy import text
from structlog.testing import capture_logs

from runtime.database import Database
from service import audit
from service.audit import reading
from service.audit.cli import audit as command
from service.audit.reading import Wanted, all_of, page, prove, who
from service.audit.work import prove_trail
from service.people import users

EVENING = datetime(2026, 12, 15, 15, 59, tzinfo=UTC)
"""One minute before midnight in Beijing."""
HOME, SHOP = "420011875603", "420015268840"
REWRITE = """
DO $$ BEGIN
    FOR n IN 1..5 LOOP
        UPDATE audit_entry SET deed = 'other', before = coalesce(
            (SELECT last.hash FROM audit_entry last WHERE last.number = n - 1), ''
        ) WHERE number = n;
        UPDATE audit_entry SET hash = audit_entry_hash(audit_entry) WHERE number = n;
    END LOOP;
END $$
"""
"""Another story, told without a gap."""


@pytest.fixture
def people(database: Database) -> list[int]:
    with database.unit_of_work() as session:
        names = ("林小满", "沈知秋", "方敏")
        phones = ("13900000001", "13900000002", "13900000003")
        return [
            users.add_user(session, phone, password_hash=None, name=name).id
            for phone, name in zip(phones, names, strict=True)
        ]


@pytest.fixture
def trail(database: Database, people: list[int]) -> Iterator[time_machine.Traveller]:
    """Five entries: two before midnight, three after."""
    one, two, _ = people
    with time_machine.travel(EVENING, tick=False) as clock:
        write(database, one, "seen", HOME, about="BX2612150001")
        write(database, two, "seen", SHOP)
        clock.shift(timedelta(minutes=1))
        write(database, two, "customer.phone", HOME)
        write(database, one, "seen", "BX2612150001")
        write(database, one, "seen", "user 7")
        yield clock


def write(database: Database, by: int, deed: str, subject: str, about: str = "") -> None:
    with database.unit_of_work() as session:
        audit.record(session, by=by, deed=deed, subject=subject, reason="来电", about=about)


def numbers(database: Database, **wanted: Any) -> list[int | None]:
    with database.unit_of_work() as session:
        return [each.entry.number for each in page(session, Wanted(**wanted))]


def test_the_newest_stands_first(database: Database, trail: object) -> None:
    assert numbers(database) == [5, 4, 3, 2, 1]


def test_by_person(database: Database, trail: object, people: list[int]) -> None:
    assert numbers(database, user_id=people[1]) == [3, 2]
    assert numbers(database, user_id=people[2]) == []


def test_by_number_whether_it_was_looked_at_or_worked_for(
    database: Database, trail: object
) -> None:
    assert numbers(database, number=HOME) == [3, 1]
    assert numbers(database, number="BX2612150001") == [4, 1]
    assert numbers(database, number="user 7") == [5]
    assert numbers(database, number=HOME[:-1]) == []


def test_by_civil_day(database: Database, trail: object) -> None:
    first, second = date(2026, 12, 15), date(2026, 12, 16)
    assert numbers(database, first=first, last=first) == [2, 1]
    assert numbers(database, first=second) == [5, 4, 3]
    assert numbers(database, last=first) == [2, 1]
    assert numbers(database, first=second, last=first) == []


def test_by_deed(database: Database, trail: object) -> None:
    assert numbers(database, deed="customer.phone") == [3]


def test_names_and_roles_stand_beside(database: Database, trail: object) -> None:
    with database.unit_of_work() as session:
        assert [(each.name, each.role) for each in page(session, Wanted())][:3] == [
            ("林小满", None),
            ("林小满", None),
            ("沈知秋", None),
        ]


def test_page_after_page_without_a_gap(
    database: Database, trail: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE", 2)
    with database.unit_of_work() as session:
        first = page(session, Wanted())
        assert [each.entry.number for each in first] == [5, 4, 3]
        second = page(session, Wanted(), before=first[1].entry.id)
    assert [each.entry.number for each in second] == [3, 2, 1]


def test_a_file_has_everything_up_to_its_end(
    database: Database, trail: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PIECE", 2)
    with database.unit_of_work() as session:
        assert [each.entry.number for each in all_of(session, Wanted())] == [5, 4, 3, 2, 1]
        monkeypatch.setattr(reading, "MOST", 3)
        assert [each.entry.number for each in all_of(session, Wanted())] == [5, 4, 3]


def test_who_has_written(database: Database, trail: object, people: list[int]) -> None:
    with database.unit_of_work() as session:
        assert who(session) == [(people[0], "林小满"), (people[1], "沈知秋")]


def test_of_nothing_nobody_has_written(database: Database) -> None:
    with database.unit_of_work() as session:
        assert who(session) == []


def tamper(database: Database, *statements: str) -> None:
    """What somebody could do who owns the database."""
    with database.unit_of_work() as session:
        session.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER USER"))
        for each in statements:
            session.execute(text(each))
        session.execute(text("ALTER TABLE audit_entry ENABLE TRIGGER USER"))


def found(database: Database, known: tuple[int, bytes] | None = None) -> tuple[int, str | None]:
    with database.reading() as session:
        proof = prove(session, known)
    return proof.number, proof.wrong


@pytest.fixture
def noted(database: Database, trail: object) -> tuple[int, bytes]:
    """What a check has printed while all was well."""
    with database.reading() as session:
        proof = prove(session)
    assert (proof.number, proof.wrong, len(proof.hash)) == (5, None, 32)
    return proof.number, proof.hash


def test_an_untouched_trail_is_whole(database: Database, noted: tuple[int, bytes]) -> None:
    assert found(database, noted) == (5, None)


@pytest.mark.parametrize("piece", [1, 2, 5, 6])
def test_it_is_proved_in_pieces(
    database: Database, trail: object, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PIECE", piece)
    assert found(database) == (5, None)


@pytest.mark.parametrize(
    "change",
    [
        "subject = '420015268840'",
        "reason = NULL, about = 'x'",
        "reason = '\\x00'",
        "at = at + interval '1 microsecond'",
        "user_id = user_id + 1",
        "address = '192.0.2.1'",
        "deed = 'other'",
        "about = 'x'",
        "before = 'x'",
        "hash = sha256('x')",
    ],
)
def test_a_changed_entry_shows(database: Database, trail: object, change: str) -> None:
    tamper(database, f"UPDATE audit_entry SET {change} WHERE number = 3")  # noqa: S608 - ours
    assert found(database) == (2, "changed")


def test_a_changed_entry_with_a_new_hash_shows_in_the_next(
    database: Database, trail: object
) -> None:
    tamper(
        database,
        "UPDATE audit_entry SET subject = '420015268840' WHERE number = 3",
        "UPDATE audit_entry SET hash = audit_entry_hash(audit_entry) WHERE number = 3",
    )
    assert found(database) == (3, "changed")


def test_a_missing_entry_shows(database: Database, trail: object) -> None:
    tamper(database, "DELETE FROM audit_entry WHERE number = 2")
    assert found(database) == (1, "gap")


def test_a_missing_beginning_shows(database: Database, trail: object) -> None:
    tamper(database, "DELETE FROM audit_entry WHERE number = 1")
    assert found(database) == (0, "gap")


def test_an_entry_outside_the_chain_shows(database: Database, trail: object) -> None:
    tamper(
        database,
        "INSERT INTO audit_entry (at, user_id, deed, subject, about, address)"
        " SELECT at, user_id, deed, subject, 'x', address FROM audit_entry WHERE number = 1",
    )
    assert found(database) == (5, "loose")


def test_a_cut_end_shows_to_whoever_noted_it(database: Database, noted: tuple[int, bytes]) -> None:
    tamper(database, "DELETE FROM audit_entry WHERE number > 3")
    assert found(database) == (3, None)
    assert found(database, noted) == (3, "ends")


def test_all_written_anew_shows_to_whoever_noted_it(
    database: Database, noted: tuple[int, bytes]
) -> None:
    tamper(database, REWRITE)
    assert found(database) == (5, None)
    assert found(database, noted) == (4, "rewritten")


@pytest.fixture
def operator(database, database_url, settings_env):  # type: ignore[no-untyped-def]
    settings_env.setenv("DATABASE_URL", database_url)

    def invoke(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(command, words)
        return done.exit_code, done.output

    return invoke


def test_the_operator_reads_number_and_hash(operator, noted: tuple[int, bytes]) -> None:  # type: ignore[no-untyped-def]
    anchor = f"5:{noted[1].hex()}"
    assert operator("check") == (0, f"Whole, 5 entries.\n{anchor}\n")
    assert operator("check", "--known", anchor) == (0, f"Whole, 5 entries.\n{anchor}\n")


def test_the_operator_reads_where_it_is_broken(  # type: ignore[no-untyped-def]
    operator, database: Database, trail: object
) -> None:
    tamper(database, "DELETE FROM audit_entry WHERE number = 4")
    assert operator("check") == (1, "An entry is missing after number 3.\n")


def test_an_empty_trail_is_whole(operator) -> None:  # type: ignore[no-untyped-def]
    assert operator("check") == (0, "Whole, 0 entries.\n")


@pytest.mark.parametrize("known", ["5", "x:ab", f"5:{'g' * 64}", f"-5:{'a' * 64}"])
def test_what_was_not_printed_is_refused(operator, database: Database, known: str) -> None:  # type: ignore[no-untyped-def]
    code, said = operator("check", "--known", known)
    assert code == 1
    assert "--known is a number, a colon and 64 hexadecimal digits." in said


def test_every_night_the_log_keeps_how_far_it_went(
    database: Database, noted: tuple[int, bytes]
) -> None:
    with capture_logs() as said:
        prove_trail(0)
        tamper(database, "DELETE FROM audit_entry WHERE number = 4")
        prove_trail(0)
    digest = noted[1].hex()
    assert said == [
        {"event": "trail_whole", "log_level": "info", "number": 5, "digest": digest},
        {"event": "trail_broken", "log_level": "error", "after": 3, "wrong": "gap"},
    ]
