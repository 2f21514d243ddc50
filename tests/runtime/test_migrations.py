"""Migrations are numbered, go both ways, and end where the models are."""

import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from procrastinate.schema import SchemaManager
from sqlalchemy import MetaData, create_engine, text

from runtime import migrate
from runtime.database import Base, sqlalchemy_url

ROOMS = ["service", "payments", "notifications", "portal"]
SIDES = sorted(migrate.locations())
SCHEMAS = {"customer": "public", "core": "core"}


def _scripts(side: str) -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(migrate.locations()[side]))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def _models(side: str) -> MetaData:
    """Every model of a side, wherever in a room it stands."""
    for room in ["core"] if side == "core" else ROOMS:
        for module in pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}."):
            if module.name.endswith("models"):
                importlib.import_module(module.name)
    core: MetaData = importlib.import_module("core.models").Base.metadata
    return core if side == "core" else Base.metadata


@pytest.mark.parametrize("side", SIDES)
def test_migrations_are_numbered_in_one_line(side: str) -> None:
    scripts = _scripts(side)
    line = list(scripts.walk_revisions())[::-1]
    assert len(scripts.get_heads()) == 1
    for number, (script, before) in enumerate(zip(line, [None, *line], strict=False), start=1):
        assert re.fullmatch(rf"{number:04d}_[a-z0-9_]+", script.revision)
        assert Path(script.path).stem == script.revision
        assert script.down_revision == (before.revision if before else None)


@pytest.mark.parametrize("side", SIDES)
def test_every_migration_can_be_taken_back(side: str) -> None:
    for script in _scripts(side).walk_revisions():
        body = script.module.downgrade.__code__.co_code
        assert body != _nothing.__code__.co_code, f"{script.revision} has an empty downgrade"


def _nothing() -> None:
    pass


@pytest.mark.parametrize("side", SIDES)
def test_up_down_and_up_again(side: str, scratch_database: Callable[[str], str]) -> None:
    url, location = scratch_database("updown"), migrate.locations()[side]
    assert migrate.current(url, location) is None
    migrate.upgrade(url, location)
    first = _catalogue(url)
    assert migrate.current(url, location) == migrate.head(location)
    migrate.downgrade(url, location)
    assert _catalogue(url) == []
    assert migrate.current(url, location) is None
    migrate.upgrade(url, location)
    assert _catalogue(url) == first


def _catalogue(url: str) -> list[Any]:
    """Every relation, function and type that is ours, version tables apart."""
    query = """
        SELECT nspname, kind, name FROM (
            SELECT relnamespace AS space, 'relation' AS kind, relname AS name FROM pg_class
            UNION ALL SELECT pronamespace, 'function', proname FROM pg_proc
            UNION ALL SELECT typnamespace, 'type', typname FROM pg_type
        ) everything JOIN pg_namespace ON pg_namespace.oid = space
        WHERE nspname IN ('public', 'core') AND name NOT LIKE '%alembic_version%'
        ORDER BY 1, 2, 3
    """
    engine = create_engine(sqlalchemy_url(url))
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(query))]
    engine.dispose()
    return rows


@pytest.mark.parametrize("side", SIDES)
def test_the_tables_are_those_of_the_models(side: str, database_url: str) -> None:
    schema = SCHEMAS[side]

    def ours(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "schema":
            return (name or "public") == schema
        return not (kind == "table" and name and _elsewhere(name))

    engine = create_engine(sqlalchemy_url(database_url))
    with engine.connect() as connection:
        options = {
            "include_schemas": schema != "public",
            "include_name": ours,
            "version_table_schema": None if schema == "public" else schema,
            "compare_type": True,
        }
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, _models(side))
    engine.dispose()
    assert differences == []


def _elsewhere(table: str) -> bool:
    """Tables of the queue, and partitions, which follow their parent."""
    return (
        table.startswith("procrastinate_")
        or re.search(r"_(\d{4}_?\d{2}|default)$", table) is not None
    )


def test_migrating_at_the_same_time_is_harmless(scratch_database: Callable[[str], str]) -> None:
    url = scratch_database("race")
    script = "import sys; from runtime import migrate; migrate.upgrade(sys.argv[1])"
    started = [
        subprocess.Popen([sys.executable, "-c", script, url], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    ended = [process.communicate()[1] for process in started]
    assert ended == ["", "", ""]
    assert migrate.current(url) == migrate.head()


def test_the_queue_is_the_one_that_the_migration_was_written_for() -> None:
    """When this fails after an upgrade of Procrastinate: add a migration with its SQL files."""
    found = sha256(SchemaManager.get_schema().encode()).hexdigest()
    assert found == "c70ec4b400a60ad9592787653aae5ae77ae41bf801d56b5bd2712751a07f2009"
