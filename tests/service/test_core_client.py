import hashlib
import os
from datetime import UTC, date, datetime, timedelta, timezone

import httpx
import pytest

from runtime import clock
from runtime.errors import Conflict, NotFound, Refused, Unavailable
from service import settlement
from service.core_client import CoreClient, Outstanding, Reversed
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


# ---- reversals ----------------------------------------------------------------------------------

REVERSALS = "/v1/postings/P1/reversals"
REVERSED = {
    "reversal_no": "R1",
    "posting_no": "P1",
    "account_no": "420011875603",
    "amount_fen": 5000,
    "reason": "paid_twice",
    "order_no": "O1",
    "reversed_at": "2026-11-06T02:00:00Z",
}


def _reverse(client):
    return client.reverse(
        key="refund-1", posting_no="P1", amount_fen=5000, reason="paid_twice", order_no="O1"
    )


@pytest.mark.parametrize("status", [200, 201])
def test_a_posting_is_taken_back_with_its_key(core, client, status):
    core.answers["POST", REVERSALS] = (status, REVERSED)
    done = _reverse(client)
    at = datetime(2026, 11, 6, 2, tzinfo=UTC)
    assert done == Reversed("R1", "P1", "420011875603", 5000, at)
    ((_, _, headers, body),) = core.requests
    assert headers["Idempotency-Key"] == "refund-1"
    assert body == {"amount_fen": 5000, "reason": "paid_twice", "order_no": "O1"}


@pytest.mark.parametrize(
    ("status", "said", "refusal", "code"),
    [
        (404, "posting.not_found", NotFound, "posting.not_found"),
        (409, "reversal.too_much", Conflict, "reversal.too_much"),
        (409, "idempotency.key_reused", Conflict, "reversal.key_reused"),
        (422, "reversal.other_order", Refused, "reversal.refused"),
        (500, "internal", Unavailable, "core.unavailable"),
    ],
)
def test_a_reversal_that_the_core_refuses_has_a_name_of_our_own(
    core, client, status, said, refusal, code
):
    core.answers["POST", REVERSALS] = (status, {"error": {"code": said, "message": "No."}})
    with pytest.raises(refusal) as caught:
        _reverse(client)
    assert (type(caught.value), caught.value.code) == (refusal, code)


def test_a_reversal_is_asked_again_with_the_same_key(core, client):
    core.answers["POST", REVERSALS] = (200, REVERSED)
    core.broken = 2
    assert _reverse(client).reversal_no == "R1"
    assert [request[2]["Idempotency-Key"] for request in core.requests] == ["refund-1"] * 3


# ---- where the money of an order is -------------------------------------------------------------


def test_what_the_core_has_of_an_order(core, client):
    core.answers["GET", "/v1/postings"] = (200, {"postings": [POSTED], "reversals": [REVERSED]})
    found = client.booked("O1")
    assert [each.posting_no for each in found.postings] == ["P1"]
    assert [each.reversal_no for each in found.reversals] == ["R1"]
    assert [request[:2] for request in core.requests] == [("GET", "/v1/postings")]


def test_whoever_waits_for_it_is_not_kept_waiting(core, client):
    core.broken = 1
    with pytest.raises(Unavailable):
        client.booked("O1")
    assert len(core.requests) == 1


# ---- the settlement file ------------------------------------------------------------------------

DAY = date(2026, 11, 5)
HEADER = "kind,posting_no,account_no,amount_fen,channel,order_no,paid_at,posted_at\n"
FILE = (
    HEADER
    + "posting,P1,42,15010,wechat,O1,2026-11-05T02:00:00+00:00,2026-11-05T02:00:03+00:00\n"
    + "reversal,P1,42,-5000,wechat,O1,2026-11-05T02:00:00+00:00,2026-11-05T09:00:00+00:00\n"
    + "total,2,10010\n"
)


def _serve(core, text, count="2", sum_fen="10010", sha256=None):
    body = text.encode()
    core.files["/v1/settlements/2026-11-05"] = (
        body,
        {
            "X-Count": count,
            "X-Sum-Fen": sum_fen,
            "X-Content-SHA256": sha256 or hashlib.sha256(body).hexdigest(),
        },
    )


def test_the_settlement_file_comes_to_disk_as_it_is(core, client, tmp_path):
    _serve(core, FILE)
    path = client.settlement(DAY, tmp_path)
    assert path == tmp_path / "core-2026-11-05.csv"
    assert path.read_text() == FILE
    assert list(tmp_path.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_settlement_file_takes_the_place_of_an_earlier_one(core, client, tmp_path):
    (tmp_path / "core-2026-11-05.csv").write_text("old")
    _serve(core, FILE)
    assert client.settlement(DAY, tmp_path).read_text() == FILE


@pytest.mark.parametrize(
    ("reason", "text", "other"),
    [
        ("wrong_hash", FILE, {"sha256": "0" * 64}),
        ("wrong_total", FILE, {"count": "3"}),
        ("wrong_total", FILE, {"sum_fen": "10011"}),
        ("wrong_total", FILE.replace("15010", "15011"), {}),
        ("wrong_total", FILE.replace("total,2,10010\n", ""), {}),
        ("wrong_total", FILE + FILE.splitlines(keepends=True)[1], {}),
        ("wrong_total", FILE + "\n", {}),
        ("wrong_row", FILE.replace("15010", "150.10"), {}),
        ("wrong_row", HEADER + "posting\n" + "total,1,0\n", {}),
        ("wrong_columns", FILE.replace("kind,", "what,"), {}),
        ("wrong_columns", "", {}),
    ],
)
def test_a_settlement_file_that_is_not_what_it_says_is_refused(
    core, client, tmp_path, reason, text, other
):
    _serve(core, text, **other)
    with pytest.raises(Refused) as caught:
        client.settlement(DAY, tmp_path)
    assert type(caught.value) is Refused
    assert (caught.value.code, caught.value.params) == ("settlement.malformed", {"reason": reason})
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_of_a_settlement_file_is_removed(core, client, tmp_path):
    old, new = tmp_path / ".core-2026-11-03.csv.a.part", tmp_path / ".core-2026-11-04.csv.b.part"
    for draft in (old, new):
        draft.touch()
    os.utime(old, (0, clock.now().timestamp() - 86_500))
    _serve(core, FILE)
    path = client.settlement(DAY, tmp_path)
    assert sorted(tmp_path.iterdir()) == [new, path]


def test_a_settlement_file_without_its_headers_is_refused(core, client, tmp_path):
    core.files["/v1/settlements/2026-11-05"] = (FILE.encode(), {})
    with pytest.raises(Refused):
        client.settlement(DAY, tmp_path)


def test_a_settlement_file_beyond_all_measure_is_refused(core, client, tmp_path, monkeypatch):
    monkeypatch.setattr(settlement, "LARGEST_BYTES", 100)
    _serve(core, FILE)
    with pytest.raises(Refused) as caught:
        client.settlement(DAY, tmp_path)
    assert caught.value.params == {"reason": "too_large"}
    assert list(tmp_path.iterdir()) == []


def test_a_settlement_file_of_a_core_that_is_away_is_unavailable(core, client, tmp_path):
    core.broken = 99
    with pytest.raises(Unavailable):
        client.settlement(DAY, tmp_path)
    assert list(tmp_path.iterdir()) == []
