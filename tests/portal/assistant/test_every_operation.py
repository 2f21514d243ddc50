"""Every operation of the interface, asked for real of a home with everything in it."""

from datetime import date
from typing import Any

import pytest

from payments.invoices import titles
from portal.assistant.interface import OPERATIONS
from runtime.database import Database
from service.models import Account
from tests.portal.assistant.conftest import HOME, Asker
from tests.portal.places import move_in, pay, supply, use
from tests.service import builders

SHOP = "420022660318"


@pytest.fixture
def world(customer: Asker, database: Database) -> dict[str, Any]:
    """A billed and measured home and a shop that pays ahead; what the calls are made with."""
    with database.unit_of_work() as session:
        assert customer.user is not None
        account = session.get_one(Account, HOME)
        point, meter = supply(session, account)
        place = {"service_point_no": point.service_point_no}
        paid = builders.create_bill(session, account, "2026-10", **place)
        paid.settled_fen = paid.total_fen
        first = builders.create_bill(session, account, "2026-09", **place)
        pay(session, customer.user, first)
        builders.create_bill(session, account, "2026-11", **place)
        use(session, meter, date(2026, 11, 1), date(2026, 12, 10), 60)
        move_in(session, customer.user, account_no=SHOP, settlement="prepaid")
        title = titles.add_title(session, customer.user.id, "personal", "王建华", "")
        return {"bill": paid.bill_no, "title": title.id}


@pytest.mark.usefixtures("december")
def test_every_operation_is_answered(customer: Asker, world: dict[str, Any]) -> None:
    """In the order of the interface; each answer is held against its schema as it is given."""
    report = {"kind": "outage_repair", "account_no": HOME, "fields": {"trouble": "no_power"}}
    number = customer.post("/requests", {**report, "key": "key-00000001"}).json["request_no"]
    told = {
        "quote": {"account_no": HOME},
        "invoice": {"bill_nos": [world["bill"]], "title_id": world["title"], "key": "key-00000002"},
        "file_request": {**report, "key": "key-00000003"},
        "cancel_request": {"key": "key-00000004"},
        "set_reminder": {"kind": "low_balance", "on": True},
        "notice_offer": {"topics": ["bill"], "channels": ["sms"], "on": False},
        "set_notices": {"topics": ["bill"], "channels": ["sms"], "on": False},
        "handoff": {"reason": "asked", "summary": "想问账单"},
        "elder": {"on": True},
    }
    parts = {"bill_no": world["bill"], "kind": "dispute", "request_no": number}
    for operation in OPERATIONS:
        path = operation.path.format(**parts)
        asked = {"account_no": HOME} if "account_no" in operation.asked.model_fields else {}
        for language in ("zh", "en"):
            if operation.told:
                answer = customer.post(path, told[operation.name], language)
            else:
                answer = customer.get(path, language, **asked)
            assert answer.status_code in operation.statuses, (operation.name, answer.json)
