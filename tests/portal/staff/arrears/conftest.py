"""Finance and a lead at work, and a resident who owes for long."""

from collections.abc import Iterator
from datetime import date
from types import SimpleNamespace

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from runtime import events
from runtime.database import Database
from service.arrangements import deciding
from service.disconnections import planning
from service.events import ActionApproved
from tests.portal.conftest import create_user, staff
from tests.portal.places import move_in
from tests.service import builders

ACCOUNT = "420011875603"
NOW = "2026-11-10T02:00:00Z"
"""Tuesday 10 November 2026, ten in the morning in China."""


@pytest.fixture(autouse=True)
def november() -> Iterator[None]:
    with (
        time_machine.travel(NOW, tick=False),
        events.subscribed(ActionApproved, deciding.on_approved),
        events.subscribed(ActionApproved, planning.on_approved),
    ):
        yield


@pytest.fixture
def home(database: Database) -> SimpleNamespace:
    """¥200.00 since 18 September (53 days), ¥149.51 since 18 October."""
    user = create_user(database)
    with database.unit_of_work() as session:
        account = move_in(session, user, account_no=ACCOUNT)
        for period, fen, due in (
            ("2026-08", 20000, date(2026, 9, 18)),
            ("2026-09", 14951, date(2026, 10, 18)),
        ):
            builders.create_bill(session, account, period, total_fen=fen, due=due)
    return SimpleNamespace(user=user.id, account=ACCOUNT)


@pytest.fixture
def finance(app: Flask, database: Database) -> FlaskClient:
    return staff(app, database, "13900000001", "finance")


@pytest.fixture
def lead(app: Flask, database: Database) -> FlaskClient:
    return staff(app, database, "13900000002", "lead")
