"""The migrated table is that of the model."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from runtime.database import Base
from service.outages.models import Outage


def test_the_migrated_table_is_that_of_the_model(database):
    def is_ours(_item, name, kind, _reflected, _compared):
        return kind != "table" or name == Outage.__tablename__

    options = {"include_object": is_ours, "compare_type": True}
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []
