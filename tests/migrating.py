"""What the test of every room's tables does: compare them with the models, go down and up again."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Inspector, create_engine, inspect

from runtime import migrate
from runtime.database import Base, Database, sqlalchemy_url


def differences(database: Database, tables: Collection[str]) -> list[Any]:
    """How these tables differ from their models, types and all."""

    def is_theirs(item: Any, name: str, kind: str, reflected: bool, other: Any) -> bool:
        return (name if kind == "table" else item.table.name) in tables

    options = {"include_object": is_theirs, "compare_type": True}
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, Base.metadata))


def go_down_and_up(
    scratch_database: Callable[[str], str], up: str, down: str, tables: set[str]
) -> None:
    """Down from the revision `up` to `down` the tables are gone, and up again they are back."""
    with below(scratch_database, up, down) as (url, seen):
        assert set(seen().get_table_names()) & tables == set()
        migrate.upgrade(url, revision=up)
        assert set(seen().get_table_names()) >= tables


@contextmanager
def below(
    scratch_database: Callable[[str], str], up: str, down: str
) -> Iterator[tuple[str, Callable[[], Inspector]]]:
    """A database that was at `up` and went down to `down`: its URL, and what it looks like."""
    url = scratch_database(up)
    migrate.upgrade(url, revision=up)
    migrate.downgrade(url, revision=down)
    engine = create_engine(sqlalchemy_url(url))
    yield url, lambda: inspect(engine)
    engine.dispose()
