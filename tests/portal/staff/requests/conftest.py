"""Requests that wait at the desk, and the people who work on them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from portal.app import create_app
from portal.settings import PortalSettings
from runtime.database import Database
from service.models import User
from service.people.users import find_by_phone
from service.requests.models import Request
from tests.portal.conftest import CoreThatKnows, staff
from tests.portal.places import words
from tests.service.requests.conftest import Customer, ask, move_in

AGENT, OTHER, LEAD = "13700000001", "13700000002", "13700000003"
DESK = "/desk/requests"
MORNING = "2026-12-11T02:00:00Z"
"""Friday 11 December 2026, ten in the morning in China."""


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def app(settings: PortalSettings, database: Database, core: CoreThatKnows, tmp_path: Path) -> Flask:
    """A portal that keeps files in a folder of the test's own."""
    return create_app(settings.model_copy(update={"var": tmp_path}), database, core)


@pytest.fixture
def customer(database: Database) -> Customer:
    return move_in(database)


@pytest.fixture
def repair(database: Database, customer: Customer) -> Request:
    """Somebody sits in the dark."""
    return ask(database, customer)


def named(database: Database, phone: str, name: str) -> int:
    """Give one of the utility's people a name; their id."""
    with database.unit_of_work() as session:
        person = find_by_phone(session, phone)
        assert person is not None
        person.name = name
        return person.id


@pytest.fixture
def agent(app: Flask, database: Database) -> FlaskClient:
    return at_work(app, database, AGENT, "agent", "林小满")


@pytest.fixture
def other(app: Flask, database: Database) -> FlaskClient:
    return at_work(app, database, OTHER, "agent", "周宁")


@pytest.fixture
def lead(app: Flask, database: Database) -> FlaskClient:
    return at_work(app, database, LEAD, "lead", "沈知秋")


def at_work(app: Flask, database: Database, phone: str, role: str, name: str) -> FlaskClient:
    client = staff(app, database, phone, role)
    named(database, phone, name)
    return client


def send(client: FlaskClient, path: str, page: str = DESK, **fields: Any) -> Any:
    """Submit a form with the token of a page."""
    token = client.get(page).get_data(as_text=True).split('name="csrf_token" value="')[1]
    return client.post(path, data={"csrf_token": token.split('"')[0], **fields})


def fresh(database: Database, request_no: str) -> Request:
    """The request as it is stored, with what happened to it."""
    from service.requests import reading

    with database.unit_of_work() as session:
        found = reading.any_request(session, request_no)
        assert found.events
        return found


def who(database: Database, phone: str) -> User:
    with database.unit_of_work() as session:
        person = find_by_phone(session, phone)
        assert person is not None
        return person


def turns(client: FlaskClient, path: str = DESK) -> list[str]:
    """The rows of the queue on a page, in words."""
    page = client.get(path).get_data(as_text=True)
    found = re.findall(r"<a [^>]*data-turn.*?</a>", page, re.S)
    return [words(f"<main>{each}</main>") for each in found]


def key(client: FlaskClient, page: str) -> str:
    """The key of the deed that a page offers."""
    found = re.search(r'name="key" value="([\w-]+)"', client.get(page).text)
    assert found
    return found[1]
