"""The customer side's database: one engine, one base of models, one unit of work."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import psycopg
from sqlalchemy import DateTime, Engine, MetaData, create_engine, event
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.types import TypeDecorator

from runtime import postgres
from runtime.settings import Settings

NAMING_CONVENTION = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
STATEMENT_TIMEOUT = timedelta(seconds=30)
"""No statement of a request or a job may take longer; a bulk load sets its own, locally."""


class UtcDateTime(TypeDecorator[datetime]):
    """`timestamptz` that takes aware datetimes only and gives them back in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("A stored instant needs a time zone.")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)


REST = timedelta(seconds=1)
"""A connection that has rested so long is asked before its use whether it still lives."""


class Base(DeclarativeBase):
    """Base of every model of the customer side (schema public)."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {datetime: UtcDateTime()}  # noqa: RUF012 - SQLAlchemy reads it here


class Database:
    """An engine whose connections heal after the server was down, and units of work on it."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        statement_timeout: timedelta = STATEMENT_TIMEOUT,
    ) -> None:
        self.url = url
        self._pool_size = pool_size
        self.engine = self._engine(statement_timeout)
        self.reading_engine = self._engine(
            statement_timeout, "default_transaction_read_only=on", isolation_level="AUTOCOMMIT"
        )
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._readers = sessionmaker(self.reading_engine, expire_on_commit=False)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Database":
        """The database that the settings name, else the private one of `settings.var`.

        Raises SettingsError when neither is there.
        """
        return cls(database_url(settings))

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """One transaction (read committed): commits at the end, rolls back on any exception."""
        with self._sessions.begin() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Questions on a connection on which the database refuses every change.

        Each sees what is committed when it is asked, as it would in a unit of work; without a
        transaction around them two of the ways to the database are saved.
        """
        with self._readers.begin() as session:
            yield session

    def _engine(self, statement_timeout: timedelta, *options: str, **how: Any) -> Engine:
        engine = create_engine(
            sqlalchemy_url(self.url),
            hide_parameters=True,
            pool_size=self._pool_size,
            max_overflow=self._pool_size,
            pool_timeout=10,
            pool_use_lifo=True,  # the warmest first: its statements are prepared already
            connect_args=_connect_args(self.url, statement_timeout, *options),
            **how,
        )
        event.listen(engine, "checkin", _note_rest)
        event.listen(engine, "checkout", self._ask_after_rest)
        return engine

    def _ask_after_rest(
        self,
        connection: DBAPIConnection,
        record: ConnectionPoolEntry,
        _proxy: PoolProxiedConnection,
    ) -> None:
        """Whoever gets a dead connection gets another; all that are as old are dead too."""
        now = monotonic()
        if now - record.info.get("rests_since", now) < REST.total_seconds():
            return
        try:
            self.engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            raise InvalidatePoolError from error

    def dispose(self) -> None:
        """Close the pooled connections; a forked process calls it before its first query."""
        self.engine.dispose()
        self.reading_engine.dispose()


def database_url(settings: Settings) -> str:
    """The URL of the named database, else of the running private one. Raises SettingsError."""
    return settings.database_url or postgres.private_url(settings.var)


def sqlalchemy_url(url: str) -> str:
    """The URL in the form in which SQLAlchemy takes psycopg for its driver."""
    parsed = make_url(url.replace("postgres://", "postgresql://", 1))
    return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def libpq_url(url: str) -> str:
    """The URL in the form that psql, psycopg and Procrastinate take."""
    return sqlalchemy_url(url).replace("postgresql+psycopg://", "postgresql://", 1)


def _note_rest(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.info["rests_since"] = monotonic()


def _connect_args(url: str, statement_timeout: timedelta, *options: str) -> dict[str, Any]:
    milliseconds = int(statement_timeout.total_seconds() * 1000)
    told = ["timezone=UTC", f"statement_timeout={milliseconds}", *options]
    own = make_url(sqlalchemy_url(url)).query.get("options", "")
    return {
        "options": " ".join([*(f"-c {each}" for each in told), str(own)]).strip(),
        "connect_timeout": 5,
        "application_name": "denghuo",
    }
