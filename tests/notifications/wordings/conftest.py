"""People of the desk, and the rooms that hear what they decide."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from notifications.wordings import changing
from runtime import events
from runtime.database import Database
from service.events import ActionApproved, ActionDeclined
from tests.service.builders import create_user


@pytest.fixture
def people(database: Database) -> tuple[int, int, int]:
    """Two who lead and one of finance."""
    with database.unit_of_work() as session:
        roles = ("lead", "admin", "finance")
        found = [create_user(session, staff_role=role) for role in roles]
        session.flush()
        first, second, third = (each.id for each in found)
        return first, second, third


@pytest.fixture(autouse=True)
def listening() -> Iterator[None]:
    with ExitStack() as stack:
        stack.enter_context(events.subscribed(ActionApproved, changing.on_approved))
        stack.enter_context(events.subscribed(ActionDeclined, changing.on_declined))
        yield
