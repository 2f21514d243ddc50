"""A customer, and what they would tell for each kind."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import time_machine
from sqlalchemy.orm import Session

from runtime.database import Database
from service.requests import asking, kinds
from service.requests.askers import Asker
from service.requests.models import Request, RequestFile
from tests.core.conftest import core_settings, core_url  # noqa: F401 - the core as it is
from tests.service import builders

NOW = "2026-12-11T02:00:00Z"
"""Friday 11 December 2026, ten in the morning in China."""

PHONE = "13800138000"
TOLD: dict[str, dict[str, str]] = {
    "outage_repair": {"trouble": "no_power", "address": "梧桐里 12 栋 502", "phone": PHONE},
    "meter_check": {
        "reason": "fast",
        "address": "梧桐里 12 栋 502",
        "phone": PHONE,
    },
    "new_connection": {
        "address": "柳荫路 8 号",
        "holder": "王建华",
        "phone": PHONE,
    },
    "increase_capacity": {
        "supply": "resident",
        "address": "梧桐里 12 栋 502",
        "capacity": "12",
        "phone": PHONE,
    },
    "pv_connection": {
        "capacity": "5.5",
        "mode": "own_use",
        "address": "梧桐里 12 栋 502",
        "phone": PHONE,
    },
    "ev_charger": {
        "address": "梧桐里地下车库 B2-117",
        "capacity": "7",
        "space": "owned",
        "phone": PHONE,
    },
    "transfer": {"reason": "sold", "new_holder": "陈安然", "phone": PHONE},
    "dispute": {"bill": "", "reason": "too_high", "phone": PHONE},
    "complaint": {"about": "service", "story": "说好上午来，下午才来。", "phone": PHONE},
    "call_back": {"phone": PHONE, "about": "峰谷电价"},
    "business_connection": {
        "address": "柳荫路 8 号",
        "holder": "柳荫小厨",
        "capacity": "30",
        "phone": PHONE,
    },
    "high_voltage_connection": {
        "sources": "single",
        "important": "yes",
        "address": "临江工业区 3 号",
        "holder": "暖阳纺织",
        "capacity": "800",
        "phone": PHONE,
    },
    "temporary_supply": {
        "purpose": "works",
        "address": "柳荫路 20 号工地",
        "holder": "柳荫建设",
        "capacity": "50",
        "from_day": "2026-12-20",
        "months": "6",
        "phone": PHONE,
    },
    "decrease_capacity": {
        "capacity": "100",
        "lasting": "for_good",
        "from_day": "2026-12-20",
        "phone": PHONE,
    },
    "suspension": {"from_day": "2026-12-20", "phone": PHONE},
    "resumption": {"why": "arrears", "phone": PHONE},
    "reading": {"reading": "12045.5", "phone": PHONE},
    "suggestion": {"story": "账单上写清楚每一档还剩多少。", "phone": PHONE},
}
"""What is filled in, by kind; the bill of a dispute is the customer's own."""


@dataclass(frozen=True)
class Customer:
    """A signed-in owner of one account with one bill, committed."""

    user_id: int
    account_no: str
    bill_no: str

    @property
    def asker(self) -> Asker:
        return Asker.of_user(self.user_id)

    def told(self, kind: str) -> dict[str, str]:
        told = TOLD[kind]
        return told | {"bill": self.bill_no} if "bill" in told else told


@pytest.fixture
def december() -> Iterator[None]:
    """It is the moment `NOW`."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def customer(database: Database) -> Customer:
    return move_in(database)


def move_in(database: Database) -> Customer:
    with database.unit_of_work() as session:
        user, account = builders.create_customer(session)
        bill = builders.create_bill(session, account)
    return Customer(user.id, account.account_no, bill.bill_no)


def ask(
    database: Database,
    customer: Customer,
    kind: str = "outage_repair",
    key: str = "form-1",
    **told: str,
) -> Request:
    """A request that was opened and committed, with a photo where one is a must."""
    with database.unit_of_work() as session:
        add_photo(session, customer.asker, kind, key)
        return asking.apply(
            session,
            customer.asker,
            kind,
            customer.account_no,
            customer.told(kind) | told,
            key,
        )


def add_photo(session: Session, asker: Asker, kind: str, key: str) -> None:
    """The photo without which a kind cannot be asked for, added to the form of the key."""
    wanted = kinds.kind(kind).photos
    if wanted is not None and wanted.required:
        photo = {"name": key, "sha256": b"", "width": 40, "height": 30, "size": 700}
        session.add(RequestFile(asker=asker.name, draft=key, **photo))
        session.flush()
