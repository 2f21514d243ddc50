"""The core over HTTP: forms, answers, and what is refused."""

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import time_machine
from sqlalchemy import func, select

from core.api.errors import SENTENCES
from core.api.limits import LARGEST_BODY
from core.app import create_app
from core.billing import accounts
from core.models import Posting
from core.settings import CoreSettings
from runtime.database import Database
from tests.core.answers import error
from tests.core.builders import (
    create_account,
    create_bill,
    create_service_point,
)
from tests.core.conftest import TOKEN, serving

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
NO = "420011875603"
JSON = {"Idempotency-Key": "key-1", "Content-Type": "application/json"}
PAYMENT = {
    "account_no": NO,
    "amount_fen": 12_345,
    "channel": "wechat",
    "order_no": "ORDER-1",
    "paid_at": "2026-10-10T12:00:00+08:00",
}


@pytest.fixture(autouse=True)
def _november() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def account_no(database: Database) -> str:
    """An account with one bill of 123.45 yuan, due on 16 October."""
    with database.unit_of_work() as session:
        account = create_account(
            session, NO, holder_name="陈大文", phone="13812345678", customer_no="C-9", people=3
        )
        create_bill(session, create_service_point(session, account), 12_345)
    return NO


def pay(client: httpx.Client, key: str = "key-1", **other: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key}
    return client.post("/v1/postings", json=PAYMENT | other, headers=headers)


# ---- the door -----------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [None, "", "Bearer", "Bearer wrong", "Basic YTpi", "bearer é"])
@pytest.mark.parametrize("path", ["/v1/changes", "/v1/accounts/1", "/v1/nothing", "/"])
def test_without_the_token_nothing_is_told(core_url: str, given: str | None, path: str) -> None:
    headers = httpx.Headers({} if given is None else {"Authorization": given.encode()})
    response = httpx.get(core_url + path, headers=headers)
    assert error(response) == (401, "token.wrong")
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/healthz", "/openapi.json"])
def test_health_and_interface_are_open(core_url: str, path: str) -> None:
    assert httpx.get(core_url + path).status_code == 200


def test_an_address_that_is_none(client: httpx.Client) -> None:
    assert error(client.get("/v1/nothing")) == (404, "path.not_found")


def test_a_method_that_is_not_taken(client: httpx.Client) -> None:
    response = client.put("/v1/postings")
    assert error(response) == (405, "method.not_allowed")
    assert response.headers["Allow"] == "GET, POST"


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_that_is_too_large(client: httpx.Client, declared: bool) -> None:
    body = b" " * (LARGEST_BODY + 1)
    content = body if declared else iter([body])
    response = client.post("/v1/postings", content=content, headers=JSON)
    assert error(response) == (413, "request.too_large")


def test_an_unexpected_error_tells_nothing_of_the_inside(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("an inner secret")

    monkeypatch.setattr(accounts, "balance_of", fail)
    response = client.get("/v1/accounts/7/balance")
    assert error(response) == (500, "internal")
    assert "secret" not in response.text


@pytest.mark.parametrize("path", ["/healthz", "/v1/changes"])
def test_without_its_database_the_core_says_so(core_settings: CoreSettings, path: str) -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:1/none")
    with serving(create_app(core_settings, nowhere)) as url:
        response = httpx.get(url + path, headers={"Authorization": f"Bearer {TOKEN}"})
    assert error(response) == (503, "database.unavailable")
    assert response.headers["Retry-After"] == "5"


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-02-30", "20261103", "0"])
def test_a_day_that_is_none(client: httpx.Client, day: str) -> None:
    assert error(client.get(f"/v1/settlements/{day}")) == (422, "request.malformed")


def test_every_refusal_has_a_sentence() -> None:
    codes: set[str] = set()
    for file in (ROOT / "core").rglob("*.py"):
        raised = r'(?:Refused|NotFound|Conflict|Forbidden|Unavailable)\(\s*"([a-z_.]+)"'
        codes |= set(re.findall(raised, file.read_text("utf-8")))
    assert codes == set(SENTENCES)


def test_a_parameter_that_does_nothing_is_refused(client: httpx.Client) -> None:
    response = client.get("/v1/changes", params={"limt": 5})
    assert error(response) == (422, "request.unknown_parameter")
    assert response.json()["error"]["message"] == "The address takes no parameter query.limt."


def test_all_methods_of_an_address_are_named(client: httpx.Client) -> None:
    assert client.put("/v1/service-orders/S000000000001").headers["Allow"] == "GET, PATCH"


# ---- accounts -----------------------------------------------------------------------------------


def test_an_account(client: httpx.Client, account_no: str) -> None:
    assert client.get(f"/v1/accounts/{account_no}").json() == {
        "account_no": NO,
        "customer_no": "C-9",
        "holder_name": "陈大文",
        "phone": "13812345678",
        "address": "海淀区灯火路1号",
        "kind": "residential",
        "settlement": "postpaid",
        "people": 3,
        "low_income": False,
        "opened": "2020-01-01",
        "closed": None,
    }


def test_an_account_that_is_none(client: httpx.Client) -> None:
    response = client.get("/v1/accounts/7")
    assert error(response) == (404, "account.not_found")
    assert response.json()["error"]["message"] == "There is no account 7."


def test_the_balance_shows_open_bills_with_the_charge_of_today(
    client: httpx.Client, account_no: str
) -> None:
    """35 days late at one in a thousand: 12345 x 0.035 = 432.075."""
    told = client.get(f"/v1/accounts/{account_no}/balance").json()
    assert (told["account_no"], told["balance_fen"], told["at"]) == (
        NO,
        12_345,
        "2026-11-20T04:00:00Z",
    )
    (bill,) = told["outstanding"]
    del bill["bill_no"]
    assert bill == {
        "period": "2026-09",
        "due": "2026-10-16",
        "outstanding_fen": 12_345,
        "late_fee_fen": 432,
    }


def test_what_the_balance_shows_is_what_a_payment_takes(
    client: httpx.Client, account_no: str
) -> None:
    (bill,) = client.get(f"/v1/accounts/{account_no}/balance").json()["outstanding"]
    whole = bill["outstanding_fen"] + bill["late_fee_fen"]
    posting = pay(client, amount_fen=whole, paid_at="2026-11-20T04:00:00Z").json()
    assert (posting["credit_fen"], posting["allocations"][0]["late_fee_fen"]) == (0, 432)
    told = client.get(f"/v1/accounts/{account_no}/balance").json()
    assert (told["balance_fen"], told["outstanding"]) == (0, [])


@pytest.mark.parametrize(
    ("name", "last4", "verified"),
    [
        ("陈大文", "5678", True),
        (" 陈 大文 ", "5678", True),
        ("陈大文", "5679", False),
        ("陈小文", "5678", False),
    ],
)
def test_verification(
    client: httpx.Client, account_no: str, name: str, last4: str, verified: bool
) -> None:
    proof = {"holder_name": name, "phone_last4": last4}
    response = client.post(f"/v1/accounts/{account_no}/verify", json=proof)
    assert (response.status_code, response.json()) == (200, {"verified": verified})


def test_an_unknown_account_is_told_from_a_wrong_proof_by_nothing(client: httpx.Client) -> None:
    proof = {"holder_name": "陈大文", "phone_last4": "5678"}
    response = client.post("/v1/accounts/999/verify", json=proof)
    assert (response.status_code, response.json()) == (200, {"verified": False})


def test_an_adjustment_is_booked_once(client: httpx.Client, account_no: str) -> None:
    path, headers = f"/v1/accounts/{account_no}/adjustments", {"Idempotency-Key": "adjust-1"}
    given = {"amount_fen": -345, "reason": "Outage of 3 October", "decided_by": "desk-07"}
    first = client.post(path, json=given, headers=headers)
    again = client.post(path, json=given, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert (
        first.json()
        == again.json()
        == given
        | {
            "adjustment_no": "A000000000001",
            "account_no": NO,
            "booked_at": "2026-11-20T04:00:00Z",
        }
    )
    told = client.get(f"/v1/accounts/{account_no}/balance").json()
    assert (told["balance_fen"], told["outstanding"][0]["outstanding_fen"]) == (12_000, 12_000)
    other = client.post(path, json=given | {"amount_fen": -346}, headers=headers)
    assert error(other) == (409, "idempotency.key_reused")


# ---- postings -----------------------------------------------------------------------------------


def test_a_posting_and_its_replay(client: httpx.Client, account_no: str) -> None:
    first, again = pay(client), pay(client)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    told = first.json()
    assert told.pop("allocations")[0]["principal_fen"] == 12_345
    assert told == {
        "posting_no": "P000000000001",
        "account_no": NO,
        "amount_fen": 12_345,
        "channel": "wechat",
        "order_no": "ORDER-1",
        "paid_at": "2026-10-10T04:00:00Z",
        "posted_at": "2026-11-20T04:00:00Z",
        "credit_fen": 0,
    }


def test_what_an_order_brought_and_what_went_back(client: httpx.Client, account_no: str) -> None:
    posted = pay(client).json()
    pay(client, "key-2", order_no="ORDER-2")
    taken_back = client.post(
        "/v1/postings/P000000000001/reversals",
        json={"amount_fen": 345, "reason": "paid_twice", "order_no": "ORDER-1"},
        headers={"Idempotency-Key": "back-1"},
    ).json()
    found = client.get("/v1/postings", params={"order_no": "ORDER-1"})
    assert found.json() == {"postings": [posted], "reversals": [taken_back]}


def test_of_an_order_that_nobody_knows_nothing_was_posted(client: httpx.Client) -> None:
    found = client.get("/v1/postings", params={"order_no": "ORDER-9"})
    assert (found.status_code, found.json()) == (200, {"postings": [], "reversals": []})


@pytest.mark.parametrize("asked", [{}, {"order_no": ""}, {"order_no": "a b"}])
def test_an_order_that_is_none_is_refused(client: httpx.Client, asked: dict[str, str]) -> None:
    assert error(client.get("/v1/postings", params=asked)) == (422, "request.malformed")


def test_the_same_key_with_another_body(client: httpx.Client, account_no: str) -> None:
    pay(client)
    assert error(pay(client, amount_fen=1)) == (409, "idempotency.key_reused")


@pytest.mark.parametrize(
    ("other", "code", "field"),
    [
        ({"amount_fen": 0}, "request.malformed", "body.amount_fen"),
        ({"amount_fen": "100"}, "request.malformed", "body.amount_fen"),
        ({"amount_fen": 1.5}, "request.malformed", "body.amount_fen"),
        ({"amount_fen": True}, "request.malformed", "body.amount_fen"),
        ({"paid_at": "2026-10-10T12:00:00"}, "request.malformed", "body.paid_at"),
        ({"paid_at": "1791000000"}, "request.malformed", "body.paid_at"),
        ({"paid_at": 1_791_000_000}, "request.malformed", "body.paid_at"),
        ({"paid_at": "0001-01-01T00:00:00+14:00"}, "request.malformed", "body.paid_at"),
        ({"tip": 1}, "request.malformed", "body.tip"),
        ({"order_no": "a\u0000b"}, "request.malformed", "body.order_no"),
        ({"paid_at": "2026-11-22T04:00:00Z"}, "posting.in_future", "paid_at"),
    ],
)
def test_a_payment_that_is_malformed_posts_nothing(
    client: httpx.Client,
    database: Database,
    account_no: str,
    other: dict[str, Any],
    code: str,
    field: str,
) -> None:
    response = pay(client, **other)
    assert error(response) == (422, code)
    assert response.json()["error"]["field"] == field
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Posting)) == 0


def test_a_bill_that_is_not_the_accounts_posts_nothing(
    client: httpx.Client, database: Database, account_no: str
) -> None:
    assert error(pay(client, bill_nos=["202609NONE00"])) == (404, "posting.bill_unknown")
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Posting)) == 0


@pytest.mark.parametrize("key", [None, "", "a b", "x" * 65])
def test_a_posting_needs_a_key(client: httpx.Client, account_no: str, key: str | None) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}
    response = client.post("/v1/postings", json=PAYMENT, headers=headers)
    assert error(response) == (422, "request.malformed")


def test_a_body_that_is_not_json(client: httpx.Client) -> None:
    response = client.post("/v1/postings", content=b"{", headers=JSON)
    assert error(response) == (422, "request.not_json")


def test_thirty_requests_at_once_post_once(client: httpx.Client, account_no: str) -> None:
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(pay(client).status_code)) for _ in range(30)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 29 + [201]
