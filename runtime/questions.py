"""Questions that pages ask all day: compiled once, then put to the driver without a detour.

SQLAlchemy builds and compiles a statement anew, or finds it in its cache, each time it is run;
for a query that the database answers in a tenth of a millisecond this is most of its cost. A
Question belongs where a page is asked often; everything else goes through the session.
"""

from collections.abc import Iterator
from typing import Any

import psycopg
from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    String,
    any_,
    bindparam,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.orm import Session

_DIALECT = make_url("postgresql+psycopg://").get_dialect()()

Row = tuple[Any, ...]


def asked(name: str) -> BindParameter[Any]:
    """A value that is given when the question is asked."""
    return bindparam(name, required=False)


def among(name: str) -> ColumnElement[Any]:
    """Any of the strings that are given; to be compared by `==`."""
    return any_(bindparam(name, type_=ARRAY(String), required=False))


class Question:
    """A select over columns, what it does not know yet named by `asked` and `among`.

    Columns come back as their types say, sealed ones readable. Errors are SQLAlchemy's.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        written = statement.compile(dialect=_DIALECT).construct_expanded_state({})
        self._text = written.statement
        self._known = {
            name: value for name, value in written.parameters.items() if value is not None
        }
        types = [column.type for column in statement.selected_columns]
        readers = [each.dialect_impl(_DIALECT).result_processor(_DIALECT, None) for each in types]
        self._readers = [(at, reader) for at, reader in enumerate(readers) if reader is not None]

    def ask(self, session: Session, **values: object) -> list[Row]:
        """The rows as of now, in the session's transaction; what it has not written yet counts."""
        session.flush()
        connection = session.connection()
        try:
            rows = _driver(connection).execute(self._text, self._known | values).fetchall()
        except psycopg.Error as error:
            raise self._failure(connection, error) from error
        return list(self._read(rows)) if self._readers else rows

    def ask_one(self, session: Session, **values: object) -> Row | None:
        """The only row there can be, or None."""
        rows = self.ask(session, **values)
        return rows[0] if rows else None

    def _read(self, rows: list[Row]) -> Iterator[Row]:
        for row in rows:
            read = list(row)
            for at, reader in self._readers:
                read[at] = reader(row[at])
            yield tuple(read)

    def _failure(self, connection: Connection, error: psycopg.Error) -> Exception:
        """As the session would raise it; a lost connection leaves the pool with all its peers."""
        lost = isinstance(error, psycopg.OperationalError) and _driver(connection).closed
        if lost:
            connection.invalidate(error)
        return DBAPIError.instance(
            self._text, None, error, psycopg.Error, True, lost, dialect=_DIALECT
        )


def _driver(connection: Connection) -> psycopg.Connection[Row]:
    driver: psycopg.Connection[Row] | None = connection.connection.driver_connection
    if driver is None:
        raise InterfaceError(None, None, psycopg.InterfaceError("the connection was given up"))
    return driver
