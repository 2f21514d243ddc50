"""The table of browsers is as its model says, and goes as it came."""

from collections.abc import Callable

import notifications.channels.push_models  # noqa: F401 - declares the table
from runtime.database import Database
from tests.migrating import differences, go_down_and_up

TABLES = {"push_subscription"}


def test_the_table_is_as_its_model_says(database: Database) -> None:
    assert differences(database, TABLES) == []


def test_it_goes_down_and_up(scratch_database: Callable[[str], str]) -> None:
    go_down_and_up(scratch_database, "0034_push", "0033_arrangements", TABLES)
