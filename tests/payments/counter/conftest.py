"""A customer who owes, a member of staff with an open drawer, and a second person."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy.orm import Session

from payments.checkout import Checkout, Visit
from payments.counter import cash, closing, codes, shifts
from payments.counter.cash import Handed
from payments.counter.gateway import COUNTER
from payments.counter.models import Cash
from payments.gateways import Gateways
from payments.gateways.base import Product
from payments.orders import Selection
from payments.settings import PaymentSettings
from portal.app import create_app
from portal.settings import PortalSettings
from runtime import events
from runtime.database import Database
from runtime.settings import load
from service.events import ActionApproved, ActionDeclined
from service.models import User
from tests.payments.builders import create_user
from tests.payments.conftest import Home
from tests.payments.counter.browsing import TOKEN, NobodyThere, signed_in

ALL = Selection(all_due=True)
VISIT = Visit("http://127.0.0.1:9")


@dataclass(frozen=True)
class Desk:
    """Two of the utility's own people by their ids; the first has drawer 3 open with ¥100."""

    agent: int
    lead: int


def create_staff(session: Session, phone: str, role: str) -> int:
    user_id = create_user(session, phone, "林小满")
    session.get_one(User, user_id).staff_role = role
    return user_id


@pytest.fixture
def desk(database: Database) -> Desk:
    with database.unit_of_work() as session:
        people = Desk(
            create_staff(session, "13800009600", "agent"),
            create_staff(session, "13800009601", "lead"),
        )
        shifts.open_shift(session, people.agent, "3", 100_00)
    return people


@pytest.fixture
def checkout(database: Database, both: Gateways, payment_settings: PaymentSettings) -> Checkout:
    """Both gateways are there and cannot be reached."""
    return Checkout(database, both, payment_settings)


@pytest.fixture
def coded(checkout: Checkout, home: Home) -> str:
    """The number of an order with a code for all that the home owes."""
    return place(checkout, home)


def place(checkout: Checkout, home: Home, key: str = "form-1") -> str:
    return checkout.place(home.user_id, ALL, COUNTER.name, Product.CODE, key, VISIT)


def number_of(database: Database, home: Home, order_no: str) -> str:
    with database.unit_of_work() as session:
        return codes.code_of(session, home.user_id, order_no)


def take(
    session: Session, desk: Desk, order_no: str, given_fen: int = 200_00, key: str = "k1"
) -> Cash:
    shift = shifts.lock_open(session, desk.agent)
    return cash.take_for_code(session, order_no, Handed(shift, given_fen, key, desk.agent))


@pytest.fixture
def app(database: Database, settings_env: pytest.MonkeyPatch) -> Flask:
    """A portal without any gateway: cash needs none."""
    settings = load(
        PortalSettings,
        secret_key=SecretStr("for tests alone"),
        environment="test",
        kiosk_token=SecretStr(TOKEN),
    )
    return create_app(settings, database, NobodyThere())


@pytest.fixture
def customer(app: Flask, database: Database, home: Home) -> FlaskClient:
    return signed_in(app, database, home.user_id)


@pytest.fixture
def agent(app: Flask, database: Database, desk: Desk) -> FlaskClient:
    return signed_in(app, database, desk.agent)


@pytest.fixture
def decided(keys: object) -> Iterator[None]:
    """Approvals reach the shifts, as `denghuo.wiring` connects them."""
    with (
        events.subscribed(ActionApproved, closing.on_approved),
        events.subscribed(ActionDeclined, closing.on_declined),
    ):
        yield
