"""A customer with a bill, both gateways, and the keys of the world outside."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from payments import gateways
from payments.gateways import Gateways
from payments.gateways.base import Gateway, Product
from payments.models import Order
from payments.orders import Selection, start_order
from payments.settings import PaymentSettings
from runtime import clock
from runtime.database import Database
from runtime.settings import load
from tests.core.conftest import core_settings, core_url  # noqa: F401 - the core as it is
from tests.payments.builders import BILL, World, create_account, create_bill, create_user, link
from tests.sandbox.merchant import Merchant
from tests.sandbox.server import SandboxServer


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


@pytest.fixture(scope="module")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with SandboxServer(tmp_path_factory.mktemp("sandbox") / "var") as server:
        yield server


@pytest.fixture
def sandbox(running_sandbox: SandboxServer) -> SandboxServer:
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    with Merchant() as merchant:
        yield merchant


@pytest.fixture
def sandbox_settings(
    sandbox: SandboxServer, settings_env: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> PaymentSettings:
    """The settings of a house whose gateways are the sandbox.

    Tests in which a gateway is silent are marked `silence` and do not wait long for it; all
    others wait as long as a busy machine may take.
    """
    for name, value in sandbox.environment().items():
        settings_env.setenv(name, value)
    patience = 0.5 if request.node.get_closest_marker("silence") else 3
    return load(PaymentSettings, var=sandbox.folder, gateway_timeout=patience)


@pytest.fixture
def offered(sandbox_settings: PaymentSettings) -> Iterator[dict[str, Gateway]]:
    offered = gateways.from_settings(sandbox_settings)
    yield offered
    offered["alipay"]._wire.close()  # type: ignore[attr-defined]
