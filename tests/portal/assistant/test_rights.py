"""What one conversation may see: its person's, and nothing besides."""

import json
from datetime import date
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from payments.invoices.models import Invoice
from payments.thresholds.models import BalanceThreshold
from portal.app import create_app
from portal.assistant.interface import OPERATIONS, Operation
from portal.settings import PortalSettings
from runtime import clock
from runtime.database import Database
from runtime.settings import load
from service.conversations import Conversation, Handoff
from service.models import Account, User
from service.requests.models import Request
from tests.portal.assistant.conftest import BASE, HOME, PUBLISHED, TOKEN, Asker
from tests.portal.conftest import CoreThatKnows
from tests.portal.places import supply, use
from tests.service import builders

THEIRS = "420011870001"
KEY = "key-00000001"


def path_of(operation: Operation) -> str:
    parts = {"bill_no": "B2026100000213", "kind": "outage_repair", "request_no": "BX2611210001"}
    return operation.path.format(**parts)


def told_of(operation: Operation) -> Any:
    """A body of the published examples."""
    path = "/assistant/v1/conversations/{ref}" + operation.path
    body = PUBLISHED["paths"][path][operation.method]["requestBody"]
    return next(iter(body["content"]["application/json"]["examples"].values()))["value"]


def ask(asker: Asker, operation: Operation) -> Any:
    if operation.told:
        return asker.post(path_of(operation), told_of(operation))
    return asker.get(path_of(operation))


def nothing_happened(database: Database) -> bool:
    with database.reading() as session:
        return not any(
            session.scalar(select(each.id).limit(1)) for each in (Invoice, Request, Handoff)
        )


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x"])
def test_without_the_token_nothing_is_said(customer: Asker, database: Database, token: str) -> None:
    other = Asker(customer.app, customer.ref, token=token)
    for operation in OPERATIONS:
        answer = ask(other, operation)
        assert (answer.status_code, answer.json["code"]) == (401, "unauthorized")
    assert nothing_happened(database)


def test_without_a_token_in_the_settings_nobody_is_answered(
    database: Database, settings_env: pytest.MonkeyPatch, core: CoreThatKnows, customer: Asker
) -> None:
    settings = load(PortalSettings, secret_key=SecretStr("for tests alone"), environment="test")
    bare = create_app(settings, database, core)
    assert Asker(bare, customer.ref, token="").get("/context").status_code == 401


def test_a_conversation_that_nobody_knows(customer: Asker, database: Database) -> None:
    for operation in OPERATIONS:
        answer = ask(Asker(customer.app, "A" * 24), operation)
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert nothing_happened(database)


def test_a_conversation_that_is_closed(customer: Asker, database: Database) -> None:
    with database.unit_of_work() as session:
        session.query(Conversation).filter_by(ref=customer.ref).update({"closed_at": clock.now()})
    for operation in OPERATIONS:
        answer = ask(customer, operation)
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert nothing_happened(database)


def test_whoever_is_not_signed_in_hears_nothing_personal(
    stranger: Asker, database: Database
) -> None:
    for operation in OPERATIONS:
        if not operation.public:
            answer = ask(stranger, operation)
            assert (answer.status_code, answer.json["code"]) == (403, "sign_in")
            assert answer.json["sentence"] == "这要先登录，才知道是您的。"
    assert nothing_happened(database)


def test_what_is_open_to_everybody() -> None:
    assert {each.name for each in OPERATIONS if each.public} == {
        "context",
        "tariff",
        "saving_advice",
        "outages",
        "halls",
        "request_kind",
        "file_request",
        "requests",
        "request",
        "cancel_request",
        "handoff",
    }


def test_a_stranger_has_no_account_to_name(stranger: Asker, customer: Asker) -> None:
    for path in ("/tariff", "/advice/saving", "/outages", "/requests/kinds/outage_repair"):
        answer = stranger.get(path, account_no=HOME)
        assert (answer.status_code, answer.json["code"]) == (403, "sign_in")


LISTS = ["/bills", "/balance", "/invoices/offer", "/outages"]
SINGLE = ["/usage", "/tier", "/tariff", "/advice/tariff", "/advice/saving"]


@pytest.mark.parametrize("named", [THEIRS, "4200 1187 0001", "42001187", "nobody's", "0" * 60])
def test_an_account_of_somebody_else_does_not_exist(
    customer: Asker, neighbour: Asker, named: str
) -> None:
    """An account of the neighbour is no other than one that there never was."""
    others = ["/bills/latest/explanation", "/requests/kinds/outage_repair"]
    for path in (*LISTS, *SINGLE, *others):
        answer = customer.get(path, account_no=named)
        assert (answer.status_code, answer.json["code"]) == (404, "account.not_yours"), path
        assert answer.json["sentence"].startswith("您的名下没有这个户号。要看这一户，先绑定")


DEEDS = [
    ("/payments/quote", {"account_no": THEIRS}),
    ("/payments/quote", {"account_nos": [HOME, THEIRS]}),
    ("/payments/quote", {"account_no": THEIRS, "amount_fen": 20000}),
    ("/reminders", {"kind": "low_balance", "on": True, "account_no": THEIRS}),
    ("/requests", {"kind": "transfer", "account_no": THEIRS, "fields": {}, "key": KEY}),
    ("/requests", {"kind": "outage_repair", "account_no": THEIRS, "fields": {}, "key": KEY}),
]


def test_nothing_is_done_for_an_account_of_somebody_else(
    customer: Asker, neighbour: Asker, database: Database
) -> None:
    for path, told in DEEDS:
        answer = customer.post(path, told)
        assert (answer.status_code, answer.json["code"]) == (404, "account.not_yours"), told
    assert nothing_happened(database)
    with database.reading() as session:
        assert session.scalar(select(BalanceThreshold.user_id)) is None


def test_bills_of_somebody_else(customer: Asker, neighbour: Asker, database: Database) -> None:
    with database.unit_of_work() as session:
        theirs = session.get_one(Account, THEIRS)
        bill = builders.create_bill(session, theirs, "2026-10", settled_fen=10**6)
        due = builders.create_bill(session, theirs, "2026-09")
    assert neighbour.get(f"/bills/{bill.bill_no}/explanation").status_code == 200
    for number in (bill.bill_no, "B0"):
        answer = customer.get(f"/bills/{number}/explanation")
        assert (answer.status_code, answer.json["code"]) == (404, "bill.not_found")
    answer = customer.post("/payments/quote", {"bill_no": due.bill_no})
    assert (answer.status_code, answer.json["code"]) == (404, "bill.not_found")
    told = {"bill_nos": [bill.bill_no], "title_id": 1, "key": KEY}
    answer = customer.post("/invoices", told)
    assert (answer.status_code, answer.json["code"]) in [
        (404, "title.not_found"),
        (404, "bill.not_found"),
    ]
    assert customer.get("/bills").json["bills"] == []
    assert nothing_happened(database)


def test_requests_of_somebody_else(
    customer: Asker, neighbour: Asker, stranger: Asker, database: Database
) -> None:
    told = {"kind": "outage_repair", "fields": {"trouble": "part"}, "key": KEY}
    number = neighbour.post("/requests", told).json["request_no"]
    for other in (customer, stranger):
        for answer in (
            other.get(f"/requests/{number}"),
            other.post(f"/requests/{number}/cancel", {"key": "key-00000002"}),
        ):
            assert (answer.status_code, answer.json["code"]) == (404, "request.not_found")
        assert other.get("/requests").json["requests"] == []
    assert neighbour.get(f"/requests/{number}").json["state"] == "received"


def test_a_role_that_does_not_reach_so_far(
    customer: Asker, neighbour: Asker, database: Database
) -> None:
    """Whoever pays for somebody sees bills and no use."""
    with database.unit_of_work() as session:
        user = session.get_one(User, neighbour.user.id if neighbour.user else 0)
        builders.create_link(session, user, session.get_one(Account, HOME), "payer")
    for path in ("/usage", "/tier", "/advice/tariff", "/advice/saving"):
        answer = neighbour.get(path, account_no=HOME)
        assert (answer.status_code, answer.json["code"]) == (403, "account.not_allowed")
    assert neighbour.get("/balance", account_no=HOME).status_code == 200


def test_no_answer_holds_a_phone_or_a_whole_name(customer: Asker, database: Database) -> None:
    with database.unit_of_work() as session:
        account = session.get_one(Account, HOME)
        point, meter = supply(session, account)
        use(session, meter, date(2026, 11, 1), date(2026, 11, 10))
        builders.create_bill(session, account, service_point_no=point.service_point_no)
    told = {"kind": "new_connection", "fields": {"address": "江边 1 号 2 栋"}}
    said = [
        customer.post("/requests", {**told, "key": KEY}),
        customer.post("/handoff", {"reason": "asked", "summary": "王建华，13800002046"}),
        *(customer.get(each) for each in [*LISTS, *SINGLE, "/context", "/requests", "/payments"]),
        customer.get("/requests/kinds/new_connection"),
        customer.get("/requests/kinds/temporary_supply"),
    ]
    for answer in said:
        assert answer.status_code < 300
        text = json.dumps(answer.json, ensure_ascii=False)
        assert "13800002046" not in text
        assert "王建华" not in text
    with database.reading() as session:
        assert session.scalars(select(Handoff.summary)).one() == "王*华，[phone]"
        assert '"holder": "王建华"' in session.scalars(select(Request.fields)).one()


def test_the_language_is_that_of_the_call_else_of_the_conversation(
    customer: Asker, database: Database
) -> None:
    assert customer.get("/balance").json["sentence"] == "家里没有要缴的。"
    assert customer.get("/balance", "en").json["sentence"] == "家里: nothing to pay."
    assert customer.get("/balance", None).json["sentence"] == "家里没有要缴的。"
    with database.unit_of_work() as session:
        session.query(Conversation).filter_by(ref=customer.ref).update({"language": "en"})
    assert customer.get("/balance", None).json["sentence"] == "家里: nothing to pay."
    assert customer.get("/context", None).json["language"] == "en"
    assert customer.get("/context", "fr").json["language"] == "en"


MALFORMED = [
    ("/bills", {"month": "2026-10"}),
    ("/bills", {"from": "2026-13-01"}),
    ("/bills", {"from": "1700000000"}),
    ("/bills", {"to": "yesterday"}),
    ("/usage", {"account_no": ""}),
    ("/context", {"user_id": "1"}),
    ("/halls", {"near": ""}),
    ("/outages", {"address": "\0"}),
]


def test_what_is_not_in_the_interface_is_refused(customer: Asker) -> None:
    for path, asked in MALFORMED:
        answer = customer.get(path, **asked)
        assert (answer.status_code, answer.json["code"]) == (400, "malformed"), asked
    for told in ({"on": "yes"}, {"on": True, "user_id": 1}, {}, [], "on", None):
        answer = customer.post("/elder", told)
        assert (answer.status_code, answer.json["code"]) == (400, "malformed"), told


def test_a_parameter_stands_once(customer: Asker) -> None:
    address = f"{BASE}/{customer.ref}/bills?account_no={HOME}&account_no={HOME}"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = customer.app.test_client().get(address, headers=headers)
    assert (answer.status_code, answer.json) == (
        400,
        {"code": "malformed", "sentence": "没有听明白要查什么、办什么。换个说法再说一遍。"},
    )


def test_a_body_that_is_no_json(customer: Asker) -> None:
    answer = customer.app.test_client().post(
        f"{BASE}/{customer.ref}/elder",
        data=b"\xff{",
        headers={"Authorization": f"Bearer {TOKEN}"},
    )
    assert (answer.status_code, answer.json["code"]) == (400, "malformed")


def test_nobody_says_yes_by_the_hundred(customer: Asker) -> None:
    for _ in range(60):
        assert customer.post("/elder", {"on": True}).status_code == 200
    answer = customer.post("/elder", {"on": False})
    assert (answer.status_code, answer.json["code"]) == (429, "assistant.too_often")
    assert customer.get("/context").json["elder"] is True


def test_what_fails_is_said_without_its_reason(
    customer: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object) -> None:
        raise RuntimeError("the inner words")

    monkeypatch.setattr("portal.assistant.balance.owing", broken)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = customer.app.test_client().get(f"{BASE}/{customer.ref}/balance", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (500, "unavailable")
    assert "the inner words" not in answer.text
