"""The file of a day: every booking of it, to be checked, and the same for good once it is over."""

import hashlib
import threading
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
import time_machine
from sqlalchemy import text

from core.billing import closing, settlement_file
from core.billing.postings import Payment, post
from core.models import Account
from runtime.database import Database
from tests.core.answers import error
from tests.core.builders import create_account, create_bill, create_service_point

NO = "420011875603"
PAYMENT = {
    "account_no": NO,
    "amount_fen": 100,
    "channel": "wechat",
    "order_no": "ORDER-1",
    "paid_at": "2026-10-10T12:00:00+08:00",
}
HEADER = "kind,posting_no,account_no,amount_fen,channel,order_no,paid_at,posted_at"
PAID = "2026-10-10T04:00:00+00:00"

MANY = text("""
    INSERT INTO core.posting (idempotency_key, request_sha256, account_id, amount_fen, channel,
                              order_no, paid_at, posted_at, allocations, credit_fen)
    SELECT 'k' || n, '', :account, n, 'wechat', 'O' || n, '2026-11-19T20:00:00Z',
           '2026-11-19T20:00:01Z', '[]', 0
    FROM generate_series(1, :rows) n
""")


@pytest.fixture(autouse=True)
def _november() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 20, 4, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def account(database: Database) -> Account:
    with database.unit_of_work() as session:
        account = create_account(session, NO)
        create_bill(session, create_service_point(session, account), 12_345)
    return account


def pay(client: httpx.Client, key: str, **other: Any) -> None:
    response = client.post(
        "/v1/postings", json=PAYMENT | other, headers={"Idempotency-Key": f"pay-{key}"}
    )
    assert response.status_code == 201


def reverse(client: httpx.Client, posting_no: str, amount_fen: int) -> None:
    response = client.post(
        f"/v1/postings/{posting_no}/reversals",
        json={"amount_fen": amount_fen, "reason": "paid_twice", "order_no": "ORDER-1"},
        headers={"Idempotency-Key": f"back-{posting_no}-{amount_fen}"},
    )
    assert response.status_code == 201


@pytest.mark.usefixtures("account")
def test_the_file_of_a_day_can_be_checked(client: httpx.Client) -> None:
    pay(client, "1")
    pay(client, "2", amount_fen=23, channel="alipay")
    response = client.get("/v1/settlements/2026-11-20")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.text.splitlines() == [
        HEADER,
        f"posting,P000000000001,{NO},100,wechat,ORDER-1,{PAID},2026-11-20T04:00:00+00:00",
        f"posting,P000000000002,{NO},23,alipay,ORDER-1,{PAID},2026-11-20T04:00:00+00:00",
        "total,2,123",
    ]
    assert (response.headers["X-Count"], response.headers["X-Sum-Fen"]) == ("2", "123")
    digest = hashlib.sha256(response.content).hexdigest()
    assert response.headers["X-Content-SHA256"] == digest


@pytest.mark.usefixtures("account")
def test_what_went_back_stands_in_the_file_of_its_own_day(client: httpx.Client) -> None:
    pay(client, "1")
    before = client.get("/v1/settlements/2026-11-20").content
    with time_machine.travel("2026-11-21T01:00:00Z", tick=False):
        reverse(client, "P000000000001", 30)
    with time_machine.travel("2026-11-21T02:00:00Z", tick=False):
        pay(client, "2", amount_fen=7)
        reverse(client, "P000000000001", 70)
    assert client.get("/v1/settlements/2026-11-20").content == before
    assert client.get("/v1/settlements/2026-11-21").text.splitlines() == [
        HEADER,
        f"reversal,P000000000001,{NO},-30,wechat,ORDER-1,{PAID},2026-11-21T01:00:00+00:00",
        f"posting,P000000000002,{NO},7,wechat,ORDER-1,{PAID},2026-11-21T02:00:00+00:00",
        f"reversal,P000000000001,{NO},-70,wechat,ORDER-1,{PAID},2026-11-21T02:00:00+00:00",
        "total,3,-93",
    ]


@pytest.mark.usefixtures("account")
def test_the_day_of_the_file_is_a_day_in_china(client: httpx.Client) -> None:
    with time_machine.travel("2026-11-19T16:00:00Z", tick=False):
        pay(client, "1")
    assert client.get("/v1/settlements/2026-11-20").headers["X-Count"] == "1"
    assert client.get("/v1/settlements/2026-11-19").headers["X-Count"] == "0"


def test_a_day_without_bookings_has_a_file(client: httpx.Client) -> None:
    assert client.get("/v1/settlements/2026-11-20").text == f"{HEADER}\ntotal,0,0\n"


@pytest.mark.usefixtures("account")
def test_a_file_too_long_for_memory_is_the_same(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        pay(client, str(number))
    short = client.get("/v1/settlements/2026-11-20").content
    monkeypatch.setattr(settlement_file, "IN_MEMORY", 100)
    assert client.get("/v1/settlements/2026-11-20").content == short


def test_the_file_waits_for_a_booking_that_is_under_way(
    database: Database, account: Account
) -> None:
    """Stamped before midnight and committed after it: it is in the file of the day before."""
    counts: list[int] = []

    def fetch() -> None:
        with settlement_file.settlement_file(database, date(2026, 11, 20)).content as content:
            counts.append(content.read().count(b"\nposting,"))

    with database.unit_of_work() as session:
        post(session, Payment(account.account_no, 100, "wechat", "O", closing.clock.now()), "key")
        thread = threading.Thread(target=fetch)
        thread.start()
        _until_one_waits(database)
        assert counts == []
    thread.join()
    assert counts == [1]


def test_a_file_does_not_hold_up_bookings_for_long(
    client: httpx.Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "PATIENCE", "20ms")
    with database.unit_of_work() as session:
        closing.stamp(session)
        refused = client.get("/v1/settlements/2026-11-20")
    assert error(refused) == (503, "database.unavailable")
    assert client.get("/v1/settlements/2026-11-20").status_code == 200


def _until_one_waits(database: Database) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    while True:
        with database.unit_of_work() as session:
            if session.scalar(waiting):
                return


def test_a_file_takes_little_memory_whatever_the_day_brought(
    database: Database, account: Account
) -> None:
    rows = 30_000
    with database.unit_of_work() as session:
        session.execute(MANY, {"account": account.id, "rows": rows})
    tracemalloc.start()
    try:
        file = settlement_file.settlement_file(database, date(2026, 11, 20))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    with file.content:
        assert (file.count, file.sum_fen) == (rows, rows * (rows + 1) // 2)
        assert file.size > 3_000_000
    assert peak < file.size
