"""One transaction a unit of work, instants in UTC, and a connection that heals."""

from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import InternalError, OperationalError, StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from runtime.database import Base, Database, UtcDateTime, libpq_url, sqlalchemy_url
from runtime.settings import Settings, SettingsError, load


class Scratch(DeclarativeBase):
    type_annotation_map = Base.type_annotation_map


class Note(Scratch):
    __tablename__ = "note"
    __table_args__ = {"prefixes": ["TEMPORARY"], "postgresql_on_commit": "DROP"}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def _numbers(database: Database) -> list[int]:
    with database.unit_of_work() as session:
        return list(session.scalars(text("SELECT attempts FROM procrastinate_jobs ORDER BY 1")))


def _add(session: Session, number: int) -> None:
    session.execute(
        text(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, attempts) "
            "VALUES ('test', 'test.none', :number)"
        ),
        {"number": number},
    )


def test_a_unit_of_work_is_kept_or_not_at_all(database: Database) -> None:
    def fail() -> None:
        with database.unit_of_work() as session:
            _add(session, 2)
            raise ZeroDivisionError

    with database.unit_of_work() as session:
        _add(session, 1)
    with pytest.raises(ZeroDivisionError):
        fail()
    assert _numbers(database) == [1]


def test_each_test_starts_from_empty_tables(database: Database) -> None:
    assert _numbers(database) == []
    with database.unit_of_work() as session:
        _add(session, 7)
        assert session.scalar(text("SELECT max(id) FROM procrastinate_jobs")) == 1


def test_what_was_loaded_stays_usable_after_the_commit(database: Database) -> None:
    with database.unit_of_work() as session:
        Scratch.metadata.create_all(session.connection())
        note = Note(id=1, at=datetime(2026, 1, 1, tzinfo=UTC))
        session.add(note)
    assert note.at == datetime(2026, 1, 1, tzinfo=UTC)


def test_instants_come_back_in_utc(session: Session) -> None:
    Scratch.metadata.create_all(session.connection())
    session.add(Note(id=1, at=datetime(2026, 1, 1, 8, tzinfo=timezone(timedelta(hours=8)))))
    session.add(Note(id=2, at=None))
    session.flush()
    session.expire_all()
    stored = session.get_one(Note, 1).at
    assert stored == datetime(2026, 1, 1, tzinfo=UTC)
    assert stored is not None
    assert stored.tzinfo is UTC
    assert session.get_one(Note, 2).at is None


def test_a_naive_instant_is_refused(session: Session) -> None:
    Scratch.metadata.create_all(session.connection())
    session.add(Note(id=1, at=datetime(2026, 1, 1)))  # noqa: DTZ001
    with pytest.raises(StatementError, match="needs a time zone"):
        session.flush()


def test_reading_changes_nothing_and_leaves_no_trace(database: Database) -> None:
    with (
        pytest.raises(InternalError, match="read-only transaction"),
        database.reading() as session,
    ):
        _add(session, 1)
    assert _numbers(database) == []
    with database.unit_of_work() as session:
        _add(session, 2)
    assert _numbers(database) == [2]


def test_prepared_statements_outlive_a_reading(database: Database) -> None:
    def prepared() -> int:
        with database.reading() as session:
            connection = session.connection().connection.driver_connection
            assert connection is not None
            return int(
                connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()[0]
            )

    for _ in range(10):
        with database.reading() as session:
            session.execute(text("SELECT 'prepared after five'"))
    assert prepared() > 0


def test_the_pool_heals_after_connections_were_cut(database: Database) -> None:
    def cut() -> None:
        with database.unit_of_work() as session:
            session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(OperationalError):
        cut()
    assert _numbers(database) == []


def test_connections_that_died_at_rest_are_not_given_out(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.database.REST", timedelta(0))
    database = Database(database_url)
    with database.reading() as one, database.reading() as two:
        backends = [each.scalar(text("SELECT pg_backend_pid()")) for each in (one, two)]
    with psycopg.connect(libpq_url(database_url)) as other:
        for backend in backends:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
    with database.reading() as one, database.reading() as two:
        fresh = [each.scalar(text("SELECT pg_backend_pid()")) for each in (one, two)]
    assert not {*fresh} & {*backends}
    database.dispose()


def test_a_statement_does_not_run_for_ever(database_url: str) -> None:
    database = Database(database_url, statement_timeout=timedelta(milliseconds=50))
    with (
        pytest.raises(OperationalError, match="statement timeout"),
        database.unit_of_work() as work,
    ):
        work.execute(text("SELECT pg_sleep(30)"))
    database.dispose()


def test_an_error_does_not_show_what_was_stored(session: Session) -> None:
    with pytest.raises(OperationalError) as caught:
        session.execute(
            text("SELECT pg_terminate_backend(pg_backend_pid()), :phone"), {"phone": "138"}
        )
    assert "138" not in str(caught.value)


def test_connections_are_read_committed_and_speak_utc(session: Session) -> None:
    shown = [
        session.scalar(text(f"SHOW {name}"))
        for name in ("transaction_isolation", "timezone", "statement_timeout")
    ]
    assert shown == ["read committed", "UTC", "30s"]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_both_forms_of_a_url(scheme: str) -> None:
    rest = "://me:p%40ss@/db?host=%2Ftmp%2Fsockets"
    assert sqlalchemy_url(scheme + rest) == "postgresql+psycopg" + rest
    assert libpq_url(scheme + rest) == "postgresql" + rest


def test_without_any_database_the_operator_is_told(settings_env: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"^DATABASE_URL is not set .*denghuo database run"):
        Database.from_settings(load(Settings))
    settings_env.setenv("DATABASE_URL", "postgresql://me@host/db")
    assert Database.from_settings(load(Settings)).url == "postgresql://me@host/db"
