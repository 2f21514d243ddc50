"""Messages, appointments, ratings: the migration makes what the models describe, and undoes it."""

from collections.abc import Callable

import service.requests.talk_models  # noqa: F401 - the models declare the tables
from runtime.database import Database
from tests.migrating import differences, go_down_and_up

TABLES = {"request_message", "request_appointment", "request_rating"}


def test_migration_and_models_agree(database: Database) -> None:
    assert differences(database, TABLES) == []


def test_down_and_up_again(scratch_database: Callable[[str], str]) -> None:
    go_down_and_up(scratch_database, "0024_talk", "0023_drafts", TABLES)
