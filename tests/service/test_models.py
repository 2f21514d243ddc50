from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from runtime.database import Base
from service import models
from service.outages import models as outage_models
from service.people import models as people_models


def test_the_migrated_tables_are_those_of_the_models(database):
    rooms = (models, people_models, outage_models)
    ours = {
        each.__tablename__
        for room in rooms
        for each in vars(room).values()
        if hasattr(each, "__tablename__")
    }

    def is_ours(_item, name, kind, _reflected, _compared):
        return kind != "table" or name in ours

    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": is_ours, "compare_type": True}
        )
        assert compare_metadata(context, Base.metadata) == []
