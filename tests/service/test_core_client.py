from datetime import UTC, date, datetime, timedelta, timezone

import httpx
import pytest

from runtime.errors import Conflict, NotFound, Refused, Unavailable
from service.core_client import CoreClient, Outstanding
from tests.service.core_double import TOKEN
from tests.silence import silence

ACCOUNT = "/v1/accounts/420011875603"
POSTED = {
    "posting_no": "P1",
    "account_no": "420011875603",
    "amount_fen": 15010,
    "channel": "wechat",
    "order_no": "O1",
    "paid_at": "2026-11-05T02:00:00Z",
    "posted_at": "2026-11-05T02:00:03Z",
    "allocations": [{"bill_no": "B1", "principal_fen": 14951, "late_fee_fen": 45}],
    "credit_fen": 14,
}
ERROR = {"error": {"code": "posting.bill_unknown", "message": "No.", "field": "bill_nos"}}


def _post(client, **fields):
    values = {
        "key": "order-1",
        "account_no": "420011875603",
        "amount_fen": 15010,
        "channel": "wechat",
        "order_no": "O1",
        "paid_at": datetime(2026, 11, 5, 10, tzinfo=timezone(timedelta(hours=8))),
    }
    return client.post(**values | fields)


@pytest.mark.parametrize("verified", [True, False])
def test_the_core_says_whether_a_holder_is_verified(core, client, verified):
    core.answers["POST", f"{ACCOUNT}/verify"] = (200, {"verified": verified})
    assert client.verify("420011875603", "王建华", "8000") is verified
    ((method, path, _, body),) = core.requests
    assert (method, path) == ("POST", f"{ACCOUNT}/verify")
    assert body == {"holder_name": "王建华", "phone_last4": "8000"}


def test_what_a_person_types_for_an_account_stays_one_piece_of_the_path(core, client):
    assert client.verify("1/2?x#y", "王", "8000") is False
    assert core.requests[0][1] == "/v1/accounts/1/2?x#y/verify"


def test_the_balance_names_what_is_outstanding(core, client):
    core.answers["GET", f"{ACCOUNT}/balance"] = (
        200,
        {
            "account_no": "420011875603",
            "balance_fen": 14951,
            "at": "2026-11-05T02:00:00Z",
            "outstanding": [
                {
                    "bill_no": "B1",
                    "period": "2026-10",
                    "due": "2026-11-18",
                    "outstanding_fen": 14951,
                    "late_fee_fen": 45,
                }
            ],
        },
    )
    balance = client.balance("420011875603")
    assert (balance.balance_fen, balance.at) == (14951, datetime(2026, 11, 5, 2, tzinfo=UTC))
    assert balance.outstanding == (Outstanding("B1", "2026-10", date(2026, 11, 18), 14951, 45),)


def test_an_unknown_account_is_not_found(client):
    with pytest.raises(NotFound) as refusal:
        client.balance("999999999999")
    assert refusal.value.code == "account.not_found"


@pytest.mark.parametrize("status", [200, 201])
def test_a_payment_is_posted_with_its_key(core, client, status):
    core.answers["POST", "/v1/postings"] = (status, POSTED)
    posted = _post(client, bill_nos=["B1"])
    assert (posted.posting_no, posted.credit_fen) == ("P1", 14)
    assert posted.allocations[0].late_fee_fen == 45
    ((_, _, headers, body),) = core.requests
    assert headers["Idempotency-Key"] == "order-1"
    assert body == {
        "account_no": "420011875603",
        "amount_fen": 15010,
        "channel": "wechat",
        "order_no": "O1",
        "paid_at": "2026-11-05T02:00:00Z",
        "bill_nos": ["B1"],
    }


@pytest.mark.parametrize(
    ("status", "refusal", "code"),
    [
        (404, NotFound, "account.not_found"),
        (409, Conflict, "posting.key_reused"),
        (422, Refused, "posting.refused"),
        (401, Unavailable, "core.unavailable"),
        (500, Unavailable, "core.unavailable"),
    ],
)
def test_what_the_core_refuses_has_a_name_of_our_own(core, client, status, refusal, code):
    core.answers["POST", "/v1/postings"] = (status, ERROR)
    with pytest.raises(refusal) as caught:
        _post(client)
    assert type(caught.value) is refusal
    assert caught.value.code == code
    assert len(core.requests) == 1


def test_a_refused_posting_keeps_the_reason_of_the_core(core, client):
    core.answers["POST", "/v1/postings"] = (422, ERROR)
    with pytest.raises(Refused) as caught:
        _post(client)
    assert caught.value.params["reason"] == "posting.bill_unknown"


def test_a_core_that_stumbles_is_asked_again_with_the_same_key(core, client):
    core.answers["POST", "/v1/postings"] = (200, POSTED)
    core.broken = 2
    assert _post(client).posting_no == "P1"
    assert [request[2]["Idempotency-Key"] for request in core.requests] == ["order-1"] * 3


def test_a_core_that_stays_down_is_unavailable(core, client):
    core.broken = 99
    with pytest.raises(Unavailable):
        client.balance("420011875603")
    assert len(core.requests) == 3


def test_an_answer_that_nobody_can_read_is_no_answer(core, client):
    core.answers["GET", f"{ACCOUNT}/balance"] = (200, {"balance_fen": "12.50"})
    with pytest.raises(Unavailable):
        client.balance("420011875603")


def test_a_core_that_is_not_there_is_unavailable():
    client = CoreClient("http://127.0.0.1:9", TOKEN, timeout=0.5)
    with pytest.raises(Unavailable):
        client.verify("420011875603", "王建华", "8000")
    client.close()


def test_a_core_that_is_frozen_is_asked_once_while_a_person_waits():
    with silence() as frozen:
        client = CoreClient(frozen.url, TOKEN, timeout=0.05)
        with pytest.raises(Unavailable) as refusal:
            client.verify("420011875603", "王建华", "8000")
        client.close()
        assert frozen.visits() == 1
    assert refusal.value.code == "core.unavailable"


@pytest.mark.parametrize(("timeout", "waited"), [(30.0, 3.0), (5.0, 3.0), (0.5, 0.5)])
def test_a_person_never_waits_longer_than_three_seconds(core, timeout, waited):
    client = CoreClient(core.url, TOKEN, timeout=timeout)
    asked = []
    client._http._client.event_hooks = {"request": [asked.append]}
    client.verify("420011875603", "王建华", "8000")
    client.close()
    assert [request.extensions["timeout"] for request in asked] == [httpx.Timeout(waited).as_dict()]


def test_the_feed_gives_lines_and_where_to_go_on(core, client):
    for number in range(5):
        core.add("balance", {"account_no": str(number)})
    page = client.changes(1, 3)
    assert page.lines.splitlines() == core.changes[1:4]
    assert (page.next_after, page.latest) == (4, 5)
