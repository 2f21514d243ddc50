"""The tables that the migration makes are those that the models describe."""

from collections.abc import Callable
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

import service.requests.models  # noqa: F401 - the models declare the tables
from runtime import migrate
from runtime.database import Base, Database, sqlalchemy_url

TABLES = {
    "service_request",
    "request_event",
    "request_photo",
    "request_day",
}


def test_migration_and_models_agree(database: Database) -> None:
    options = {"include_object": _is_ours, "compare_type": True}
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, Base.metadata)
    assert differences == []


def _is_ours(item: Any, name: str, kind: str, reflected: bool, other: Any) -> bool:
    return (name if kind == "table" else item.table.name) in TABLES | COURSE


COURSE = {"request_pause"}


def test_the_course_goes_down_and_up_again(scratch_database: Callable[[str], str]) -> None:
    url = scratch_database("course")
    migrate.upgrade(url, revision="0019_course")
    migrate.downgrade(url, revision="0018_wechat")
    engine = create_engine(sqlalchemy_url(url))
    assert set(inspect(engine).get_table_names()) & COURSE == set()
    columns = {each["name"] for each in inspect(engine).get_columns("service_request")}
    assert not columns & {"step", "team", "due_at", "paused_at"}
    migrate.upgrade(url, revision="0019_course")
    assert set(inspect(engine).get_table_names()) >= COURSE
    engine.dispose()


def test_down_and_up_again(scratch_database: Callable[[str], str]) -> None:
    url = scratch_database("requests")
    migrate.upgrade(url, revision="0016_requests")
    migrate.downgrade(url, revision="0015_conversations")
    engine = create_engine(sqlalchemy_url(url))
    assert set(inspect(engine).get_table_names()) & TABLES == set()
    migrate.upgrade(url, revision="0016_requests")
    assert set(inspect(engine).get_table_names()) >= TABLES
    engine.dispose()
