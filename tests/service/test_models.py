from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from runtime.database import Base
from service import models
from service.people import models as people_models


def test_the_migrated_tables_are_those_of_the_models(database):
    tables = [*vars(models).values(), *vars(people_models).values()]
    ours = {each.__tablename__ for each in tables if hasattr(each, "__tablename__")}

    def is_ours(_item, name, kind, _reflected, _compared):
        return kind != "table" or name in ours

    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": is_ours, "compare_type": True}
        )
        assert compare_metadata(context, Base.metadata) == []
