"""The core over HTTP: service orders, bill runs, held bills and corrections."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import httpx
import msgspec
import pytest
import time_machine

from runtime.database import Database
from tests.core.answers import error
from tests.core.builders import create_account, create_home, record_use

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
NO = "420011875603"


@pytest.fixture(autouse=True)
def _november() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def account_no(database: Database) -> str:
    """An account without bills."""
    with database.unit_of_work() as session:
        return create_account(session, NO).account_no


# ---- service orders -----------------------------------------------------------------------------


def order(client: httpx.Client, key: str = "order-1", **given: Any) -> httpx.Response:
    body = {"kind": "outage_report", "details": {"note": "整栋楼停电", "photos": ["a", "b"]}}
    return client.post("/v1/service-orders", json=body | given, headers={"Idempotency-Key": key})


def test_a_service_order_from_request_to_end(client: httpx.Client, account_no: str) -> None:
    made = order(client, account_no=NO)
    assert made.status_code == 201
    number = made.json()["service_order_no"]
    for status in ("accepted", "in_progress", "done"):
        step = {"status": status, "details": {status: "noted"}}
        assert client.patch(f"/v1/service-orders/{number}", json=step).status_code == 200
    told = client.get(f"/v1/service-orders/{number}").json()
    assert (told["status"], told["account_no"]) == ("done", NO)
    assert told["details"] == {
        "note": "整栋楼停电",
        "photos": ["a", "b"],
        "accepted": "noted",
        "in_progress": "noted",
        "done": "noted",
    }
    feed = [msgspec.json.decode(line) for line in client.get("/v1/changes").content.splitlines()]
    assert [each["data"]["status"] for each in feed] == [
        "received",
        "accepted",
        "in_progress",
        "done",
    ]
    assert feed[-1]["data"] == told


def test_a_service_order_is_made_once(client: httpx.Client) -> None:
    first, again = order(client), order(client)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert error(order(client, kind="complaint")) == (409, "idempotency.key_reused")


def test_an_order_that_is_done_stays_done(client: httpx.Client) -> None:
    number = order(client).json()["service_order_no"]
    client.patch(f"/v1/service-orders/{number}", json={"status": "rejected"})
    response = client.patch(f"/v1/service-orders/{number}", json={"status": "accepted"})
    assert error(response) == (409, "service_order.cannot_move")


def test_the_character_nul_is_refused(client: httpx.Client) -> None:
    assert error(order(client, details={"a": {"b": ["\u0000"]}})) == (422, "request.malformed")


# ---- billing ------------------------------------------------------------------------------------


def test_a_bill_run_an_anomaly_and_a_rebill(client: httpx.Client, database: Database) -> None:
    with database.unit_of_work() as session:
        _, _, meter = create_home(session)
        for period, wh in (("2026-08", 100), ("2026-09", 300)):
            record_use(session, meter, period, wh)
    for period in ("2026-08", "2026-09"):
        started = client.post("/v1/bill-runs", json={"period": period})
        assert (started.status_code, started.json()["period"]) == (202, period)
        assert finished(client, period)["failed"] == 0
    assert finished(client, "2026-09")["held"] == 1
    (anomaly,) = client.get("/v1/anomalies").json()
    assert (anomaly["kind"], anomaly["detail"]) == (
        "sudden_rise",
        {"daily_wh": 28_800, "usual_daily_wh": 9_600},
    )
    decision = {"decision": "released", "by": "desk-07"}
    path = f"/v1/anomalies/{anomaly['id']}/decision"
    assert client.post(path, json=decision).json()["decision"] == "released"
    assert client.get("/v1/anomalies").json() == []
    assert len(client.get("/v1/anomalies", params={"decided": True}).json()) == 1
    with database.unit_of_work() as session:
        record_use(session, meter, "2026-09", 100)
    (made,) = client.post(f"/v1/bills/{anomaly['bill_no']}/rebill").json()
    assert (made["revision"], made["total_fen"], made["status"]) == (1, 14_303, "issued")
    again = client.post(f"/v1/bills/{anomaly['bill_no']}/rebill")
    assert error(again) == (409, "bill.cannot_rebill")


def finished(client: httpx.Client, period: str) -> dict[str, Any]:
    """The run's result, once it has one."""
    while True:
        told: dict[str, Any] = client.get(f"/v1/bill-runs/{period}").json()
        if told["finished_at"]:
            return told


def test_a_month_that_is_not_over_is_not_billed(client: httpx.Client) -> None:
    response = client.post("/v1/bill-runs", json={"period": "2026-11"})
    assert error(response) == (409, "bill_run.not_over")
    assert error(client.get("/v1/bill-runs/2026-11")) == (404, "bill_run.not_found")


def test_a_service_point_that_fails_is_named(client: httpx.Client, database: Database) -> None:
    with database.unit_of_work() as session:
        _, point, _ = create_home(session)
    client.post("/v1/bill-runs", json={"period": "2026-09"})
    assert finished(client, "2026-09")["failures"] == [
        {
            "service_point_no": point.service_point_no,
            "reason": "Readings are missing on 30 days, with no history to estimate them by.",
        }
    ]


def test_dates_of_today(client: httpx.Client, database: Database) -> None:
    with database.unit_of_work() as session:
        _, _, meter = create_home(session)
        record_use(session, meter, "2026-10")
    client.post("/v1/bill-runs", json={"period": "2026-10"})
    finished(client, "2026-10")
    lines = client.get("/v1/changes").content.splitlines()
    bill = next(each for each in map(msgspec.json.decode, lines) if each["kind"] == "bill")
    assert bill["data"]["due"] == date(2026, 12, 5).isoformat()
