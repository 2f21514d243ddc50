"""Two people who lead, and the rooms that hear what they decide."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from notifications.wordings import changing
from runtime import events
from runtime.database import Database
from service.events import ActionApproved, ActionDeclined
from tests.portal.conftest import staff

PAGE = "/desk/wordings/arrears.early/sms/zh"


@pytest.fixture(autouse=True)
def listening() -> Iterator[None]:
    approved = events.subscribed(ActionApproved, changing.on_approved)
    with approved, events.subscribed(ActionDeclined, changing.on_declined):
        yield


@pytest.fixture
def lead(app: Flask, database: Database) -> FlaskClient:
    return staff(app, database, "13900000001", "lead")


@pytest.fixture
def other(app: Flask, database: Database) -> FlaskClient:
    return staff(app, database, "13900000002", "admin")


def send(client: FlaskClient, path: str, page: str = PAGE, **fields: str):  # type: ignore[no-untyped-def]
    """Submit a form of a page with its token."""
    token = client.get(page).text.split('name="csrf_token" value="')[1].split('"')[0]
    return client.post(path, data={"csrf_token": token, **fields})
