"""A customer with a bill, both gateways, and the keys of the world outside."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from payments import gateways
from payments.gateways import Gateways
from payments.gateways.base import Product
from payments.models import Order
from payments.orders import Selection, start_order
from payments.settings import PaymentSettings
from runtime import clock
from runtime.database import Database
from tests.payments.builders import BILL, World, create_account, create_bill, create_user, link


@pytest.fixture(scope="session")
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def payment_settings(world: World) -> PaymentSettings:
    return world.settings()


@pytest.fixture(scope="session")
def both(payment_settings: PaymentSettings) -> Gateways:
    return gateways.from_settings(payment_settings)


@dataclass(frozen=True)
class Home:
    """A customer, committed, who owes one bill."""

    user_id: int
    bill_no: str


@pytest.fixture
def home(database: Database) -> Home:
    with database.unit_of_work() as session:
        user_id = create_user(session)
        create_account(session)
        link(session, user_id)
        create_bill(session)
    return Home(user_id, BILL)


@pytest.fixture
def order(database: Database, home: Home) -> Callable[..., Order]:
    """Starts orders for the home's bill, in state awaiting unless told otherwise."""

    def start(gateway: str = "wechat", status: str = "awaiting", key: str = "form-1") -> Order:
        product = Product.NATIVE if gateway == "wechat" else Product.PAGE
        with database.unit_of_work() as session:
            started = start_order(
                session, home.user_id, Selection(all_due=True), gateway, product, key
            )
            started.status = status
            if status == "closed":
                started.closed_at, started.close_reason = clock.now(), "expired"
                for item in started.items:
                    item.held = False
            started.next_query_at = clock.now() + timedelta(minutes=1)
        return started

    return start
