"""The tables that the migration makes are those that the models describe."""

from collections.abc import Callable

import service.requests.models  # noqa: F401 - the models declare the tables
from runtime.database import Database
from tests.migrating import below, differences, go_down_and_up

TABLES = {"service_request", "request_event", "request_photo", "request_day"}
COURSE = {"request_pause"}


def test_migration_and_models_agree(database: Database) -> None:
    assert differences(database, TABLES | COURSE) == []


def test_the_course_goes_down_and_up_again(scratch_database: Callable[[str], str]) -> None:
    go_down_and_up(scratch_database, "0019_course", "0018_wechat", COURSE)


def test_the_course_takes_its_columns_along(scratch_database: Callable[[str], str]) -> None:
    with below(scratch_database, "0019_course", "0018_wechat") as (_url, seen):
        columns = {each["name"] for each in seen().get_columns("service_request")}
    assert not columns & {"step", "team", "due_at", "paused_at"}


def test_down_and_up_again(scratch_database: Callable[[str], str]) -> None:
    go_down_and_up(scratch_database, "0016_requests", "0015_conversations", TABLES)
