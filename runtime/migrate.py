"""Migrations: the customer side's, and those of the core where it lives in this checkout.

A folder of migrations holds `env.py` and `versions/`, whose files are numbered in sequence
(`0001_jobs.py`). Its `env.py` is two lines: it calls `run()` of this module. No room is imported
here: a folder is found by its place, so that whoever is not installed is not migrated.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, pool, text

from runtime.database import sqlalchemy_url

CUSTOMER = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version"
_LOCK = 0x0DE6_0001
"""Key of the advisory lock under which only one migration runs at a time on a server."""


def locations() -> dict[str, Path]:
    """Name to folder of everything that is migrated here, in the order of migration."""
    found = {"customer": CUSTOMER}
    spec = find_spec("core")
    for root in (spec.submodule_search_locations or ()) if spec else ():
        if (Path(root) / "migrations" / "env.py").exists():
            found["core"] = Path(root) / "migrations"
    return found


def upgrade(url: str, location: Path = CUSTOMER, revision: str = "head") -> None:
    """Bring the database up to `revision`; safe when several processes do it at once."""
    with _connected(url, location) as config:
        command.upgrade(config, revision)


def downgrade(url: str, location: Path = CUSTOMER, revision: str = "base") -> None:
    """Take the database back to `revision`."""
    with _connected(url, location) as config:
        command.downgrade(config, revision)


def head(location: Path = CUSTOMER) -> str | None:
    """The newest revision in a folder. Raises when there is more than one head."""
    return _scripts(location).get_current_head()


def current(url: str, location: Path = CUSTOMER) -> str | None:
    """The revision that the database is at, None before the first."""
    with _connection(url) as connection:
        return revision(connection, location)


def revision(connection: Connection, location: Path = CUSTOMER) -> str | None:
    """The revision of the database behind an open connection, None before the first."""
    schema = _version_schema(location)
    options = {"version_table": VERSION_TABLE, "version_table_schema": schema}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


def run(schema: str | None = None) -> None:
    """What an `env.py` calls: run the migrations on the connection of `upgrade`.

    With `schema` the version table lives there, and the schema is made when it is missing;
    tables are named with their schema in the migrations themselves. One transaction holds all.
    """
    connection: Connection | None = context.config.attributes.get("connection")
    if connection is None:
        raise RuntimeError("Migrations run through runtime.migrate, which brings the connection.")
    context.configure(
        connection=connection,
        version_table=VERSION_TABLE,
        version_table_schema=schema,
        include_schemas=schema is not None,
    )
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if schema is not None:
            connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
        context.run_migrations()


def _version_schema(location: Path) -> str | None:
    """The core keeps its version table in its own schema, named as its room."""
    return None if location == CUSTOMER else location.parent.name


def _scripts(location: Path) -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(location))


def _config(location: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(location).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _connected(url: str, location: Path) -> Iterator[Config]:
    with _connection(url) as connection:
        config = _config(location)
        config.attributes["connection"] = connection
        yield config
        connection.commit()


@contextmanager
def _connection(url: str) -> Iterator[Connection]:
    """A connection of its own, without the time limit of requests."""
    engine = create_engine(sqlalchemy_url(url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        yield connection
