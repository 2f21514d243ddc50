"""Two of the utility's own people, and the moment."""

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import time_machine

from runtime import events
from runtime.database import Database
from service.customers import exports, rebills
from service.events import ActionApproved
from tests.service.builders import create_user

NOW = datetime(2026, 12, 11, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """It is Friday 11 December 2026, ten in the morning in China."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def staff(database: Database) -> SimpleNamespace:
    """An agent and a lead."""
    with database.unit_of_work() as session:
        agent = create_user(session, staff_role="agent")
        lead = create_user(session, staff_role="lead")
    return SimpleNamespace(agent=agent.id, lead=lead.id)


@pytest.fixture
def wired() -> Iterator[None]:
    """What is approved is done."""
    with (
        events.subscribed(ActionApproved, rebills.on_approved),
        events.subscribed(ActionApproved, exports.on_approved),
    ):
        yield
