"""A house of its own for each drill, and its database seen from outside."""

from collections.abc import Iterator

import pytest

from runtime import crypto
from runtime.crypto import KeyRing
from runtime.database import Database
from runtime.settings import CryptoSettings, Settings, load
from tests.house import House, standing_house


@pytest.fixture
def house() -> Iterator[House]:
    with standing_house(
        DENGHUO_JOB_RESCUE_SECONDS="2",
        DENGHUO_PAYMENT_QUERY_SECONDS="3",
        DENGHUO_PAYMENT_ORDER_MINUTES="60",
    ) as house:
        yield house


@pytest.fixture
def database(house: House) -> Iterator[Database]:
    """The house's database, seen from outside."""
    before = crypto._ring
    crypto.use_keys(KeyRing.from_settings(load(CryptoSettings, var=house.place.var)))
    database = Database.from_settings(load(Settings, var=house.place.var, database_url=None))
    yield database
    database.dispose()
    if before is not None:
        crypto.use_keys(before)
