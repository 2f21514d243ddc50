"""The tables of the reminders."""

from collections.abc import Callable

from runtime.database import Database
from tests.migrating import differences, go_down_and_up

TABLES = {"reminder_run", "reminder_pause"}


def test_the_tables_are_as_the_models_say(database: Database) -> None:
    assert differences(database, TABLES | {"bill", "link"}) == []


def test_the_migration_goes_down_and_up(scratch_database: Callable[[str], str]) -> None:
    go_down_and_up(scratch_database, "0030_arrears", "0029_preferences", TABLES)
