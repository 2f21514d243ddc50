"""A household that somebody at the desk looks at, and the browsers of the desk."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from runtime.database import Database
from tests.portal.conftest import create_user as register
from tests.portal.conftest import post, staff
from tests.portal.places import NOW
from tests.service.builders import (
    create_account,
    create_bill,
    create_link,
    create_meter,
    create_posting,
    create_service_point,
    create_user,
)

HOLDER = "13800138000"
AGENT, LEAD, FINANCE = "13800009600", "13800009603", "13800009601"
ACCOUNT = "420011875603"
BASE = f"/desk/customers/{ACCOUNT}"
LATE = datetime(2026, 11, 20, 2, tzinfo=UTC)
"""Two days after the bill of October was due."""


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def house(database: Database) -> SimpleNamespace:
    """An account with a year of bills, one of them late and one open, and two who see it."""
    owner = register(database, HOLDER)
    with database.unit_of_work() as session:
        owner = session.merge(owner)
        owner.name = "王建华"
        account = create_account(session, ACCOUNT, balance_fen=14951)
        point = create_service_point(session, account)
        create_meter(session, point, meter_no="33017742")
        helper = create_user(session, phone="13900000002", name="王小雨", elder_mode=True)
        create_link(session, owner, account)
        create_link(session, helper, account, "family_helper")
        create_bill(session, account, "2026-11", total_fen=14951, due=date(2026, 12, 18))
        create_bill(
            session,
            account,
            "2026-10",
            total_fen=6704,
            settled_fen=6704,
            settled_at=LATE,
        )
        create_posting(session, account, 6704, paid_at=LATE)
    return SimpleNamespace(account=account, owner=owner, helper=helper)


@pytest.fixture
def agent(app: Flask, database: Database) -> FlaskClient:
    return staff(app, database, AGENT, "agent")


@pytest.fixture
def finance(app: Flask, database: Database) -> FlaskClient:
    return staff(app, database, FINANCE, "finance")


@pytest.fixture
def opened(agent: FlaskClient, house: SimpleNamespace) -> FlaskClient:
    """The agent's browser, with the customer open for a reason."""
    answer = post(agent, BASE, reason="客户来电问 10 月的账单")
    assert answer.status_code == 303
    return agent
