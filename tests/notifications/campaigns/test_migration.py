"""The tables of campaigns are as their models say, and go as they came."""

from collections.abc import Callable

import notifications.campaigns.models  # noqa: F401 - declares the tables
from runtime.database import Database
from tests.migrating import differences, go_down_and_up

TABLES = {"campaign", "campaign_segment"}


def test_the_tables_are_as_their_models_say(database: Database) -> None:
    assert differences(database, TABLES) == []


def test_they_go_down_and_up(scratch_database: Callable[[str], str]) -> None:
    go_down_and_up(scratch_database, "0032_campaigns", "0031_insight", TABLES)
