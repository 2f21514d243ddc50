"""The tables that the migration makes are those that the models describe."""

from collections.abc import Callable
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

import service.desk.models  # noqa: F401 - the models declare the tables
from runtime import migrate
from runtime.database import Base, Database, sqlalchemy_url

TABLES = {"desk_seat", "queue_filter", "request_note", "request_look"}


def test_migration_and_models_agree(database: Database) -> None:
    options = {"include_object": _is_ours, "compare_type": True}
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def _is_ours(item: Any, name: str, kind: str, reflected: bool, other: Any) -> bool:
    return (name if kind == "table" else item.table.name) in {*TABLES, "service_request"}


def test_down_and_up_again(scratch_database: Callable[[str], str]) -> None:
    url = scratch_database("desk")
    migrate.upgrade(url, revision="0025_queue")
    migrate.downgrade(url, revision="0024_talk")
    engine = create_engine(sqlalchemy_url(url))
    assert set(inspect(engine).get_table_names()) & TABLES == set()
    migrate.upgrade(url, revision="0025_queue")
    assert set(inspect(engine).get_table_names()) >= TABLES
    engine.dispose()
