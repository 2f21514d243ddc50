"""Old figures stay on the page, with their hour; fresh ones say nothing of it."""

from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient

from runtime import clock
from runtime.database import Database
from service.models import Bill, SyncCursor, User
from tests.portal.places import move_in, queries, says
from tests.service import builders

pytestmark = pytest.mark.usefixtures("december")

HOME_AND_BILLS = "更新的还没送到。缴费照常，缴了会自动记上。"
PAYING = "这以后缴的还没算进来。付款照常，付了会自动记上。"


@pytest.fixture
def bill(database: Database, user: User) -> Bill:
    with database.unit_of_work() as session:
        return builders.create_bill(session, move_in(session, user), "2026-11")


def synced(database: Database, ago: timedelta) -> None:
    """The core was last read to its end so long ago."""
    at = clock.now() - ago
    with database.unit_of_work() as session:
        session.merge(SyncCursor(source="feed", caught_up_at=at, checked_at=at))


def later(seconds: int) -> time_machine.travel:
    return time_machine.travel(clock.now() + timedelta(seconds=seconds), tick=False)


def pages(bill: Bill) -> dict[str, str]:
    return {
        "/": HOME_AND_BILLS,
        "/bills": HOME_AND_BILLS,
        f"/bills/{bill.bill_no}": HOME_AND_BILLS,
        "/pay": PAYING,
        "/pay?choose=1": PAYING,
        f"/pay/confirm?bill={bill.bill_no}": PAYING,
    }


def test_what_is_older_than_five_minutes_is_shown_with_its_hour(
    client: FlaskClient, database: Database, bill: Bill
) -> None:
    synced(database, timedelta(seconds=301))
    hour = f"{clock.now().astimezone(clock.BEIJING) - timedelta(seconds=301):%H:%M}"
    for path, sentence in pages(bill).items():
        page = says(client, path)
        assert f"数据截至今天 {hour}，{sentence}" in page, path
        assert page.count("数据截至") == 1, path
        assert "¥132.20" in page, path


def test_what_is_five_minutes_old_needs_no_word(
    client: FlaskClient, database: Database, bill: Bill
) -> None:
    synced(database, timedelta(seconds=300))
    for path in pages(bill):
        assert "数据截至" not in says(client, path), path


def test_before_the_first_sync_there_is_no_hour(client: FlaskClient, bill: Bill) -> None:
    for path in pages(bill):
        assert "数据截至" not in says(client, path), path


def test_english_says_it_too(client: FlaskClient, database: Database, bill: Bill) -> None:
    synced(database, timedelta(hours=2))
    assert "Figures are from" in says(client, f"/bills/{bill.bill_no}?lang=en")
    assert "what was paid since is not in them" in says(client, "/pay?lang=en")


def test_the_hour_costs_a_page_no_query_of_its_own(
    client: FlaskClient, database: Database, bill: Bill
) -> None:
    synced(database, timedelta(0))

    def read() -> tuple[int, bool]:
        with queries() as asked:
            page = says(client, f"/bills/{bill.bill_no}")
        return sum("sync_cursor" in each for each in asked), "数据截至" in page

    assert read() == (1, False)
    assert read() == (0, False)
    with later(4):
        assert read() == (0, False)
    with later(302):
        assert read() == (1, True)
        synced(database, timedelta(0))
        assert read() == (0, True)
    with later(307):
        assert read() == (1, False)


def test_the_hour_is_no_part_of_the_kept_sheet(
    client: FlaskClient, database: Database, bill: Bill
) -> None:
    synced(database, timedelta(0))
    path = f"/bills/{bill.bill_no}"
    assert "数据截至" not in says(client, path)
    synced(database, timedelta(hours=1))
    with later(6):
        assert says(client, path).count("数据截至") == 1
