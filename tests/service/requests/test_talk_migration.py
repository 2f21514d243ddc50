"""Messages, appointments, ratings: the migration makes what the models describe, and undoes it."""

from collections.abc import Callable
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

import service.requests.talk_models  # noqa: F401 - the models declare the tables
from runtime import migrate
from runtime.database import Base, Database, sqlalchemy_url

TABLES = {"request_message", "request_appointment", "request_rating"}


def test_migration_and_models_agree(database: Database) -> None:
    options = {"include_object": _is_ours, "compare_type": True}
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, Base.metadata)
    assert differences == []


def _is_ours(item: Any, name: str, kind: str, reflected: bool, other: Any) -> bool:
    return (name if kind == "table" else item.table.name) in TABLES


def test_down_and_up_again(scratch_database: Callable[[str], str]) -> None:
    url = scratch_database("talk")
    migrate.upgrade(url, revision="0024_talk")
    migrate.downgrade(url, revision="0023_drafts")
    engine = create_engine(sqlalchemy_url(url))
    assert set(inspect(engine).get_table_names()) & TABLES == set()
    migrate.upgrade(url, revision="0024_talk")
    assert set(inspect(engine).get_table_names()) >= TABLES
    engine.dispose()
