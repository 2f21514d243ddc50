"""The tables that the migration makes are those that the models describe."""

from collections.abc import Callable

import service.insight.models  # noqa: F401 - the models declare the tables
from runtime.database import Database
from tests.migrating import differences, go_down_and_up

TABLES = {"late_model", "late_score", "late_objection", "usage_warning"}


def test_migration_and_models_agree(database: Database) -> None:
    assert differences(database, TABLES) == []


def test_down_and_up_again(scratch_database: Callable[[str], str]) -> None:
    go_down_and_up(scratch_database, "0031_insight", "0030_arrears", TABLES)
