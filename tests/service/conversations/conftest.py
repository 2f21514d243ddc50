"""People who talk: a customer, two at the desk, and the moment at which they do."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine

from runtime.database import Database
from service.conversations import Conversation, open_for_user
from service.people import users

TEN_O_CLOCK = datetime(2026, 12, 15, 2, tzinfo=UTC)
"""Ten in the morning of Beijing; the desk is open from eight to eight."""
AT_NIGHT = datetime(2026, 12, 15, 14, tzinfo=UTC)
"""Ten in the evening."""
PHONE = "13800002046"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(TEN_O_CLOCK, tick=False) as traveller:
        yield traveller


@pytest.fixture
def customer(database: Database) -> int:
    return person(database, PHONE)


@pytest.fixture
def staff(database: Database) -> tuple[int, int]:
    """Two members of staff."""
    return person(database, "13900000001"), person(database, "13900000002")


@pytest.fixture
def talk(database: Database, customer: int) -> Conversation:
    """The customer's live conversation."""
    with database.unit_of_work() as session:
        return open_for_user(session, customer)


def person(database: Database, phone: str) -> int:
    with database.unit_of_work() as session:
        return users.add_user(session, phone, password_hash=None).id
