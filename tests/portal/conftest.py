"""What the portal's tests stand on: an application on the test database, and a browser for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import update

from portal.app import create_app
from portal.current import SIGN_IN_COOKIE
from portal.settings import PortalSettings
from runtime import events
from runtime.database import Database
from runtime.settings import load
from service.models import Account, User
from service.people import passwords, users
from service.people.events import CodeIssued
from tests.portal.places import NOW

PHONE = "13800002046"
PASSWORD = "lamp by the window"
SECOND = "/sign-in/second"


@dataclass
class CoreThatKnows:
    """Stands in for the core over HTTP: answers from what a test has told it."""

    known: set[tuple[str, str, str]] = field(default_factory=set)
    asked: int = 0

    def verify(self, account_no: str, holder_name: str, phone_last4: str) -> bool:
        self.asked += 1
        return (account_no, holder_name, phone_last4) in self.known


@pytest.fixture
def core() -> CoreThatKnows:
    return CoreThatKnows()


@pytest.fixture
def settings() -> PortalSettings:
    return load(PortalSettings, secret_key=SecretStr("for tests alone"), environment="test")


@pytest.fixture
def app(settings: PortalSettings, database: Database, core: CoreThatKnows) -> Flask:
    return create_app(settings, database, core)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def december() -> Iterator[None]:
    """It is the moment `places.NOW`."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def user(database: Database, client: FlaskClient) -> User:
    """Signed in, with no account yet."""
    found = create_user(database)
    sign_in(client)
    return found


@pytest.fixture
def codes_sent() -> Iterator[list[CodeIssued]]:
    """The codes that would have gone out by SMS."""
    with codes_of_now() as sent:
        yield sent


@contextmanager
def codes_of_now() -> Iterator[list[CodeIssued]]:
    """What goes out by SMS meanwhile."""
    sent: list[CodeIssued] = []
    with events.subscribed(CodeIssued, lambda _session, event: sent.append(event)):
        yield sent


def create_user(database: Database, phone: str = PHONE, password: str | None = PASSWORD) -> User:
    """A registered user; without a password only a code signs them in."""
    with database.unit_of_work() as session:
        hashed = _hash(password, phone) if password else None
        return users.add_user(session, phone, password_hash=hashed)


_hash = cache(passwords.hash_password)
"""A hash costs time by design; tests share it."""


def create_account(
    database: Database,
    account_no: str = "420011875603",
    *,
    phone: str = PHONE,
    holder_name: str = "王建华",
    balance_fen: int = 0,
) -> Account:
    """An account in the synced copy."""
    account = Account(
        account_no=account_no,
        holder_name=holder_name,
        phone=phone,
        address="梧桐里 12 栋 502",
        kind="residential",
        settlement="postpaid",
        opened=date(2024, 3, 1),
        balance_fen=balance_fen,
    )
    with database.unit_of_work() as session:
        session.add(account)
    return account


def form_token(client: FlaskClient, path: str = "/sign-in") -> str:
    """The token of the forms that this browser is shown."""
    page = client.get(path, follow_redirects=True).get_data(as_text=True)
    return page.split('name="csrf_token" value="')[1].split('"')[0]


def post(client: FlaskClient, path: str, /, **fields: str):  # type: ignore[no-untyped-def]
    """Submit a form as a browser would, its token included."""
    return client.post(path, data={"csrf_token": form_token(client), **fields})


def staff(app: Flask, database: Database, phone: str, role: str) -> FlaskClient:
    """The browser of somebody of the utility's own, signed in by both steps."""
    user = create_user(database, phone)
    with database.unit_of_work() as session:
        session.execute(update(User).where(User.id == user.id).values(staff_role=role))
    client = app.test_client()
    come_to_work(client, phone)
    return client


def come_to_work(client: FlaskClient, phone: str) -> None:
    """Sign in by both steps."""
    sign_in(client, phone)
    take_second_step(client)


def sign_in_of(client: FlaskClient, url: str) -> Any:
    """The cookie that makes a real browser at `url` signed in as this one is."""
    cookie = client.get_cookie(SIGN_IN_COOKIE)
    assert cookie is not None
    return {"name": SIGN_IN_COOKIE, "value": cookie.value, "url": url}


def take_second_step(client: FlaskClient) -> None:
    """Give the code that is sent to whoever came by password."""
    with codes_of_now() as sent:
        assert post(client, SECOND, action="send").status_code == 200
        answer = post(client, SECOND, code=sent[-1].code)
    assert answer.status_code == 302, answer.get_data(as_text=True)


def sign_in(client: FlaskClient, phone: str = PHONE, password: str = PASSWORD) -> None:
    """Sign this browser in."""
    answer = post(client, "/sign-in", phone=phone, password=password)
    assert answer.status_code == 302, answer.get_data(as_text=True)
