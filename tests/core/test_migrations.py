"""The core's migrations make what the models say, and take it back."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text

from core.models import Base
from core.outages.models import Outage
from runtime import migrate
from runtime.database import sqlalchemy_url


def test_the_tables_are_those_of_the_models_and_go_away_again(scratch_database) -> None:  # type: ignore[no-untyped-def]
    assert Outage.metadata is Base.metadata
    url, location = scratch_database("core_migrations"), migrate.locations()["core"]
    migrate.upgrade(url, location)
    assert migrate.current(url, location) == migrate.head(location)
    assert differences(url) == []
    migrate.downgrade(url, location)
    assert tables(url) == ["alembic_version"]
    migrate.upgrade(url, location)
    assert differences(url) == []


def differences(url: str) -> list[object]:
    """What a new migration would have to change."""
    options = {
        "include_schemas": True,
        "compare_type": True,
        "compare_server_default": True,
        "include_name": lambda name, kind, _: kind != "schema" or name == "core",
        "version_table_schema": "core",
    }
    engine = create_engine(sqlalchemy_url(url))
    with engine.connect() as connection:
        found = compare_metadata(
            MigrationContext.configure(connection, opts=options), Base.metadata
        )
    engine.dispose()
    return found


def tables(url: str) -> list[str]:
    engine = create_engine(sqlalchemy_url(url))
    with engine.connect() as connection:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'core' ORDER BY 1"
        found = list(connection.scalars(text(query)))
    engine.dispose()
    return found
