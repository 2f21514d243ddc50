"""Whatever the core sends, no page breaks and no script runs: it is set aside, or plain text."""

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from runtime.database import Database
from service.models import Link
from service.sync import run
from service.sync.reading import read
from tests.portal.conftest import create_user, sign_in
from tests.service import changes

SCRIPT = "<script>alert(1)</script>"
PAGES = ("/", "/bills", "/bills/B1", "/bills/B1.pdf", "/pay", "/usage", "/usage/2026-10")


def _line(**fields: Any) -> dict[str, Any]:
    """A bill whose first line says something else."""
    bill = changes.bill()
    return {"lines": [bill["lines"][0] | fields, *bill["lines"][1:]]}


def _reading(**fields: Any) -> dict[str, Any]:
    return {"readings": [changes.bill()["readings"][0] | fields]}


def _case(**fields: Any) -> dict[str, Any]:
    return {"case": changes.bill()["case"] | fields}


POISONS: dict[str, dict[str, Any]] = {
    "a script for a line": _line(code=SCRIPT, explain=SCRIPT),
    "a unit of no page": _line(unit="furlong"),
    "a quantity without end": _line(quantity="1e999999"),
    "a quantity without a beginning": _line(quantity="1e-999999"),
    "a quantity of many digits": _line(quantity="0." + "1" * 4000),
    "nothing, very exactly": _line(quantity="0e-999999"),
    "a rate without end": _line(rate="-9e99999"),
    "a base that is missing": _line(unit="days", base_fen=None),
    "a script for a meter": _reading(meter_no=SCRIPT),
    "a register of no page": _reading(register="moonlight"),
    "a dial without end": _reading(start_wh=10**300, end_wh=-(10**300)),
    "a case without end": _case(kwh={"peak": "1e999999"}),
    "a case that is a script": _case(kwh={SCRIPT: SCRIPT}),
    "a case of another month": _case(period="9999-12"),
    "a case that is deep": _case(kwh={"peak": "1"}, people=[[[[{}]]]]),
    "a number of months in other digits": {"period": "２０２６-10"},
    "a month with a new line": {"period": "2026-10\n"},
    "a month before all": {"period": "0000-01"},
    "a day after all": {"due": "9999-12-31", "issued_at": "9999-12-31T23:59:59Z"},
    "a day before all": {"due": "0001-01-01", "issued_at": "0001-01-01T00:00:00Z"},
    "a span of ages": {"from_day": "0001-01-01", "to_day": "9999-12-31"},
    "a script for a tariff": {"tariff": "<b>", "tariff_version": SCRIPT[:20]},
    "settled beyond all": {"settled_fen": 10**17, "settled_at": "9999-12-31T23:59:59Z"},
}


@pytest.fixture
def home(app: Flask, database: Database) -> FlaskClient:
    user = create_user(database)
    client = app.test_client()
    sign_in(client)
    arrive(database, "account", changes.account())
    with database.unit_of_work() as session:
        session.add(Link(user_id=user.id, account_no="420011875603", role="owner"))
    return client


def arrive(database: Database, kind: str, data: dict[str, Any], seq: int = 1) -> int:
    """Store one change as the sync does; returns how many were set aside."""
    change = {"seq": seq, "kind": kind, "at": "2026-11-03T01:00:00Z", "data": data}
    with database.unit_of_work() as session:
        return run.apply(session, "feed", read(json.dumps(change).encode())).poisoned


def no_page_breaks(client: FlaskClient) -> None:
    for path in PAGES:
        answer = client.get(path)
        assert answer.status_code in (200, 404), path
        assert len(answer.data) < 500_000, path
        if answer.mimetype == "text/html":
            assert "<script>alert" not in answer.text, path


@pytest.mark.parametrize("poison", POISONS.values(), ids=POISONS)
def test_no_bill_breaks_a_page(
    home: FlaskClient, database: Database, poison: dict[str, Any]
) -> None:
    assert arrive(database, "bill", changes.bill("B0", period="2026-09"), 2) == 0
    arrive(database, "bill", changes.bill(**poison), 3)
    no_page_breaks(home)


def test_no_account_meter_or_payment_breaks_a_page(home: FlaskClient, database: Database) -> None:
    said = {"holder_name": SCRIPT, "address": SCRIPT, "kind": "<b>", "settlement": "<i>"}
    assert arrive(database, "account", changes.account(**said), 2) == 0
    assert arrive(database, "service_point", changes.service_point(address=SCRIPT), 3) == 0
    assert arrive(database, "bill", changes.bill(), 4) == 0
    arrive(database, "balance", changes.balance(balance_fen=-(10**17)), 5)
    arrive(database, "posting", changes.posting(channel="<b>", paid_at="9999-12-31T23:59:59Z"), 6)
    arrive(database, "posting", changes.posting("P2", posted_at="0001-01-01T00:00:00Z"), 7)
    no_page_breaks(home)
