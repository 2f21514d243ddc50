"""Reversals over HTTP: what is answered, what is refused, and our own client against them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import time_machine
from sqlalchemy import func, select

from core import feed, published
from core.billing.runs import run_bills
from core.models import LedgerEntry, Reversal
from core.settings import BillingSettings
from runtime.database import Database
from runtime.errors import Conflict, NotFound, Refused
from service import models
from service.core_client import CoreClient
from service.sync import run
from service.sync.sources import CoreFeed
from tests.core.answers import error
from tests.core.builders import (
    create_account,
    create_bill,
    create_home,
    create_service_point,
    record_use,
)
from tests.core.conftest import TOKEN

NO = "420011875603"
NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
PAID = datetime(2026, 10, 10, 4, tzinfo=UTC)
POSTING = "P000000000001"
BODY = {"amount_fen": 5000, "reason": "paid_twice", "order_no": "ORDER-1"}


@pytest.fixture(autouse=True)
def _november() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ours(core_url: str, database: Database) -> Iterator[CoreClient]:
    """The customer side's client; the account has a bill of 123.45 yuan, paid in time."""
    client = CoreClient(core_url, TOKEN)
    with database.unit_of_work() as session:
        account = create_account(session, NO)
        create_bill(session, create_service_point(session, account), 12_345, bill_no="B1")
    client.post(
        key="pay-1",
        account_no=NO,
        amount_fen=12_345,
        channel="wechat",
        order_no="ORDER-1",
        paid_at=PAID,
    )
    yield client
    client.close()


def ask(
    client: httpx.Client, key: str = "key-1", posting_no: str = POSTING, **other: Any
) -> httpx.Response:
    path = f"/v1/postings/{posting_no}/reversals"
    return client.post(path, json=BODY | other, headers={"Idempotency-Key": key})


@pytest.mark.usefixtures("ours")
def test_a_reversal_is_told_whole_and_the_same_when_repeated(client: httpx.Client) -> None:
    first = ask(client)
    assert first.status_code == 201
    assert first.json() == {
        "reversal_no": "R000000000001",
        "posting_no": POSTING,
        "account_no": NO,
        "amount_fen": 5000,
        "reason": "paid_twice",
        "order_no": "ORDER-1",
        "reversed_at": "2026-11-20T04:00:00Z",
        "allocations": [{"bill_no": "B1", "principal_fen": 5000, "late_fee_fen": 0}],
        "credit_fen": 0,
    }
    again = ask(client)
    assert (again.status_code, again.json()) == (200, first.json())


@pytest.mark.usefixtures("ours")
@pytest.mark.parametrize(
    ("other", "answer"),
    [
        ({"posting_no": "P000000000099"}, (404, "posting.not_found")),
        ({"amount_fen": 12_346}, (409, "reversal.too_much")),
        ({"order_no": "ORDER-2"}, (422, "reversal.other_order")),
        ({"amount_fen": 0}, (422, "request.malformed")),
        ({"amount_fen": -1}, (422, "request.malformed")),
        ({"amount_fen": "5000"}, (422, "request.malformed")),
        ({"reason": "Paid twice"}, (422, "request.malformed")),
        ({"reason": ""}, (422, "request.malformed")),
        ({"order_no": "a b"}, (422, "request.malformed")),
        ({"posting_no": "P 1"}, (422, "request.malformed")),
        ({"note": "x"}, (422, "request.malformed")),
        ({"key": "a key"}, (422, "request.malformed")),
    ],
)
def test_what_is_refused_changes_nothing(
    client: httpx.Client, database: Database, other: dict[str, Any], answer: tuple[int, str]
) -> None:
    assert error(ask(client, **other)) == answer
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Reversal)) == 0
        assert session.scalar(select(func.sum(LedgerEntry.amount_fen))) == 0


@pytest.mark.usefixtures("ours")
def test_a_key_that_was_used_for_another_reversal_is_refused(client: httpx.Client) -> None:
    ask(client)
    assert error(ask(client, amount_fen=4999)) == (409, "idempotency.key_reused")


def reverse(ours: CoreClient, **other: Any) -> Any:
    given = {"key": "back-1", "posting_no": POSTING} | BODY | other
    return ours.reverse(**given)


def test_our_client_takes_back_once(ours: CoreClient) -> None:
    done = reverse(ours)
    assert (done.reversal_no, done.amount_fen, done.reversed_at) == ("R000000000001", 5000, NOW)
    assert reverse(ours) == done
    assert ours.balance(NO).balance_fen == 5000


@pytest.mark.parametrize(
    ("other", "refusal", "code"),
    [
        ({"posting_no": "P9"}, NotFound, "posting.not_found"),
        ({"amount_fen": 12_346}, Conflict, "reversal.too_much"),
        ({"order_no": "ORDER-2"}, Refused, "reversal.refused"),
    ],
)
def test_our_client_understands_a_no(
    ours: CoreClient, other: dict[str, Any], refusal: type[Refused], code: str
) -> None:
    with pytest.raises(refusal) as caught:
        reverse(ours, **other)
    assert caught.value.code == code


def test_our_client_understands_a_reused_key(ours: CoreClient) -> None:
    reverse(ours)
    with pytest.raises(Conflict) as caught:
        reverse(ours, amount_fen=1)
    assert caught.value.code == "reversal.key_reused"


def test_our_client_fetches_the_file_of_a_day(ours: CoreClient, tmp_path: Path) -> None:
    reverse(ours)
    path = ours.settlement(date(2026, 11, 20), tmp_path)
    rows = [line.split(",")[:6] for line in path.read_text().splitlines()]
    assert rows[1:] == [
        ["posting", POSTING, NO, "12345", "wechat", "ORDER-1"],
        ["reversal", POSTING, NO, "-5000", "wechat", "ORDER-1"],
        ["total", "2", "7345"],
    ]


def test_the_copy_follows_the_core(core_url: str, database: Database) -> None:
    """288 kWh in September are 143.03 yuan; paid 30 days late they are 147.32."""
    with database.unit_of_work() as session:
        account, _, meter = create_home(session, account_no=NO)
        record_use(session, meter, "2026-09")
        feed.append(session, [published.account(account)])
    run_bills(database, "2026-09", date(2026, 10, 2), BillingSettings())
    ours = CoreClient(core_url, TOKEN)
    late = datetime(2026, 11, 16, 4, tzinfo=UTC)
    wechat = {"account_no": NO, "channel": "wechat", "order_no": "ORDER-1", "paid_at": late}
    ours.post(key="pay-1", amount_fen=14_732, **wechat)
    reverse(ours, amount_fen=14_732)
    outcome = run.run(database, CoreFeed(ours))
    ours.close()
    assert (outcome.poisoned, outcome.caught_up) == (0, True)
    with database.unit_of_work() as session:
        bill = session.scalars(select(models.Bill)).one()
        assert (bill.total_fen, bill.settled_fen, bill.settled_at) == (14_303, 0, None)
        assert session.scalars(select(models.Account.balance_fen)).one() == 14_303
        reversal = session.scalars(select(models.Reversal)).one()
        assert (reversal.reversal_no, reversal.posting_no) == ("R000000000001", POSTING)
        assert (reversal.amount_fen, reversal.reversed_at) == (14_732, NOW)
        assert reversal.allocations == [
            {"bill_no": bill.bill_no, "principal_fen": 14_303, "late_fee_fen": 429}
        ]
