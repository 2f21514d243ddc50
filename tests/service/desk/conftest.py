"""A desk with its people, and requests of a few kinds, some days old."""

from collections.abc import Iterator

import pytest
import time_machine
from sqlalchemy.orm import Session

from runtime.database import Database
from service.models import User
from tests.service import builders
from tests.service.requests.conftest import Customer, move_in

NOW = "2026-12-11T02:00:00Z"
"""Friday 11 December 2026, ten in the morning in China."""


@pytest.fixture(autouse=True)
def now() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def customer(database: Database) -> Customer:
    return move_in(database)


def worker(session: Session, role: str = "agent", name: str = "林小满") -> User:
    """One of the utility's own people."""
    return builders.create_user(session, staff_role=role, name=name)
