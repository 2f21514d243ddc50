"""The tables of wordings are those of their models, go down and come up again."""

from collections.abc import Callable

import notifications.wordings.models  # noqa: F401 - the tables compared here
from runtime.database import Database
from tests.migrating import differences, go_down_and_up

TABLES = {"wording_version", "wording_code"}


def test_the_tables_are_those_of_the_models(database: Database) -> None:
    assert differences(database, TABLES) == []


def test_they_go_down_and_up(scratch_database: Callable[[str], str]) -> None:
    go_down_and_up(scratch_database, "0028_wordings", "0027_notices", TABLES)
