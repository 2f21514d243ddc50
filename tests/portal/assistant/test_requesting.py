"""Requests through the assistant: known fields, filing once, following, taking back."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from runtime import clock
from runtime.database import Database
from service.conversations import Conversation
from service.models import Account
from service.requests import askers, moving, reading
from service.requests.kinds import kinds
from service.requests.models import Request
from tests.portal.assistant.conftest import HOME, Asker
from tests.portal.places import move_in
from tests.service import builders
from tests.service.requests.conftest import TOLD, add_photo

pytestmark = pytest.mark.usefixtures("december")
KEY = "key-00000001"
REPAIR = {"kind": "outage_repair", "fields": {"trouble": "no_power"}, "key": KEY}


def requests(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Request)) or 0


def photograph(asker: Asker, database: Database, kind: str, key: str) -> None:
    """A photo came by the card of the form with this key, where one must."""
    assert asker.user is not None
    with database.unit_of_work() as session:
        add_photo(session, askers.Asker.of_user(asker.user.id), kind, key)


def field(asker: Asker, kind: str, name: str, **asked: str) -> Any:
    found = asker.get(f"/requests/kinds/{kind}", **asked).json["fields"]
    return next(each for each in found if each["name"] == name)


def test_every_kind_is_described(customer: Asker) -> None:
    for each in kinds():
        for language in ("zh", "en"):
            found = customer.get(f"/requests/kinds/{each.name}", language).json
            assert found["name"] == each.title.said(language)
            said = [one.name for one in each.fields if one.type != "point"]
            assert [one["name"] for one in found["fields"]] == said
            assert found["needs_account"] == (each.account == "needed")
            assert found["takes_account"] == (each.account != "none")
            asked = [one.title.said(language) for one in each.documents if not one.when]
            assert found["documents"] == asked


def choosing() -> list[tuple[str, str, str | None]]:
    """Every kind, with every value of the choice on which its promise depends."""
    found: list[tuple[str, str, str | None]] = []
    for each in kinds():
        by = each.promise_by
        values = [one.value for one in by.choices] if by else []
        nothing = [] if by and by.required else [None]
        found += [(each.name, by.name if by else "", value) for value in [*values, *nothing]]
    return found


@pytest.mark.parametrize(("kind", "by", "value"), choosing())
def test_the_promise_before_sending_is_the_promise_after(
    customer: Asker, database: Database, kind: str, by: str, value: str | None
) -> None:
    told = {**TOLD[kind], **({by: value} if value else {})}
    with database.unit_of_work() as session:
        bill = builders.create_bill(session, session.get_one(Account, HOME))
    if "bill" in told:
        told["bill"] = bill.bill_no
    described = customer.get(f"/requests/kinds/{kind}").json
    said = described["deadline_words"]
    if value:
        of = next(each for each in described["fields"] if each["name"] == by)
        said = next(each for each in of["choices"] if each["value"] == value)["deadline_words"]
    photograph(customer, database, kind, KEY)
    filed = customer.post("/requests", {"kind": kind, "fields": told, "key": KEY})
    assert filed.status_code == 201
    assert filed.json["deadline_words"] == said


def test_nothing_is_promised_before_the_choice_that_decides_it(customer: Asker) -> None:
    found = customer.get("/requests/kinds/increase_capacity").json
    assert found["deadline_words"] == "最快 12 月 18 日前办好"
    english = customer.get("/requests/kinds/increase_capacity", "en").json
    assert english["deadline_words"] == "Done by 18 December at the earliest"
    assert [each["deadline_words"] for each in found["fields"][0]["choices"]] == [
        "12 月 18 日前办好",
        "12 月 21 日前办好",
        "2027 年 1 月 12 日前办好",
        "2027 年 1 月 26 日前办好",
    ]


def test_what_is_known_is_not_asked_again(customer: Asker, database: Database) -> None:
    assert field(customer, "outage_repair", "address") == {
        "name": "address",
        "label": "在哪里",
        "type": "address",
        "required": True,
        "choices": None,
        "known": "梧桐里 12 栋 502",
        "known_words": "梧桐里 12 栋 502",
    }
    assert field(customer, "outage_repair", "phone")["known"] == "138 **** 2046"
    assert field(customer, "new_connection", "holder")["known_words"] == "王*华"
    with database.unit_of_work() as session:
        bill = builders.create_bill(session, session.get_one(Account, HOME))
    assert field(customer, "dispute", "bill", account_no=HOME) == {
        "name": "bill",
        "label": "哪一张账单",
        "type": "choice",
        "required": True,
        "choices": [
            {"value": bill.bill_no, "title": "2026 年 10 月，¥132.20", "deadline_words": None}
        ],
        "known": bill.bill_no,
        "known_words": "2026 年 10 月，¥132.20",
    }


def test_with_two_own_accounts_nothing_is_presumed(customer: Asker, database: Database) -> None:
    with database.unit_of_work() as session:
        assert customer.user is not None
        move_in(session, customer.user, account_no="420011880001", address="柳巷 7 号")
    assert field(customer, "outage_repair", "address")["known"] is None
    named = field(customer, "outage_repair", "address", account_no="420011880001")
    assert named["known"] == "柳巷 7 号"
    answer = customer.post("/requests", {"kind": "transfer", "fields": {}, "key": KEY})
    assert (answer.status_code, answer.json["code"]) == (409, "account.which")
    assert requests(database) == 0


def test_a_kind_that_there_is_not(customer: Asker) -> None:
    answer = customer.app.test_client().get(
        f"/assistant/v1/conversations/{customer.ref}/requests/kinds/pizza",
        headers={"Authorization": f"Bearer {customer.token}"},
    )
    assert (answer.status_code, answer.json) == (
        404,
        {"code": "not_found", "sentence": "没有这样的事可以办。从“办事”里再找找看。"},
    )


def test_a_report_with_what_is_known(customer: Asker, database: Database) -> None:
    answer = customer.post("/requests", REPAIR)
    assert answer.status_code == 201
    assert answer.json == {
        "request_no": "BX2612110001",
        "kind": "outage_repair",
        "name": "停电、故障报修",
        "state": "received",
        "state_words": "在办，第 2 步",
        "deadline_words": "今天 10:45 前有人到现场",
        "waits_words": None,
        "summary": [
            {"label": "出了什么事", "value": "家里都没电"},
            {"label": "在哪里", "value": "梧桐里 12 栋 502"},
            {"label": "联系电话", "value": "138 **** 2046"},
        ],
        "documents": [],
        "sentence": "停电、故障报修（BX2612110001）：在办，第 2 步。今天 10:45 前有人到现场。",
        "joined_outage": None,
    }
    again = customer.post("/requests", {**REPAIR, "fields": {}})
    assert (again.status_code, again.json) == (200, answer.json)
    with database.reading() as session:
        stored = session.scalars(select(Request)).one()
        conversation = session.scalars(
            select(Conversation).where(Conversation.ref == customer.ref)
        ).one()
        assert (stored.account_no, stored.phone) == (HOME, "13800002046")
        assert stored.conversation_id == conversation.id


def test_what_was_shown_masked_comes_back_as_known(customer: Asker, database: Database) -> None:
    fields = {
        "address": "柳荫路 8 号 2 栋",
        "holder": "王*华",
        "phone": "138 **** 2046",
    }
    answer = customer.post("/requests", {"kind": "new_connection", "fields": fields, "key": KEY})
    assert answer.status_code == 201
    said = {each["label"]: each["value"] for each in answer.json["summary"]}
    assert (said["户名"], said["联系电话"]) == ("王*华", "138 **** 2046")
    with database.reading() as session:
        stored = reading.values(session.scalars(select(Request)).one())
    assert (stored["holder"], stored["phone"]) == ("王建华", "13800002046")


def test_another_address_is_not_that_of_the_account(customer: Asker, database: Database) -> None:
    elsewhere = {"trouble": "line", "address": "江边公园东门", "phone": "13911112222"}
    answer = customer.post("/requests", {**REPAIR, "fields": elsewhere})
    assert answer.status_code == 201
    with database.reading() as session:
        stored = session.scalars(select(Request)).one()
        assert (stored.account_no, stored.phone) == (None, "13911112222")


@pytest.mark.parametrize(
    ("fields", "name", "sentence"),
    [
        ({}, "trouble", "请填“出了什么事”。"),
        ({"trouble": "ufo"}, "trouble", "“出了什么事”请从给出的里面选一个。"),
        (
            {"trouble": "part", "phone": "110"},
            "phone",
            "“联系电话”是 11 位手机号，1 开头。再看一眼？",
        ),
        ({"trouble": "part", "colour": "red"}, "colour", "多填了一项我们不认识的。"),
    ],
)
def test_a_field_that_is_wrong_is_named(
    customer: Asker, database: Database, fields: dict[str, str], name: str, sentence: str
) -> None:
    answer = customer.post("/requests", {**REPAIR, "fields": fields})
    assert answer.status_code == 422
    assert answer.json == {"code": "request.field", "sentence": sentence, "field": name}
    assert requests(database) == 0


def test_every_kind_can_be_filed(customer: Asker, database: Database) -> None:
    with database.unit_of_work() as session:
        bill = builders.create_bill(session, session.get_one(Account, HOME))
    for number, each in enumerate(kinds(), 1):
        fields = {**TOLD[each.name]}
        if "bill" in fields:
            fields["bill"] = bill.bill_no
        told = {"kind": each.name, "fields": fields, "key": f"key-{number:08}"}
        photograph(customer, database, each.name, f"key-{number:08}")
        answer = customer.post("/requests", told)
        assert answer.status_code == 201, (each.name, answer.json)
    found = customer.get("/requests").json
    assert len(found["requests"]) == 5
    assert requests(database) == len(kinds())


def test_progress_and_taking_back(customer: Asker) -> None:
    number = customer.post("/requests", REPAIR).json["request_no"]
    found = customer.get("/requests").json
    assert found["requests"] == [
        {
            "request_no": number,
            "kind": "outage_repair",
            "name": "停电、故障报修",
            "state": "received",
            "state_words": "在办，第 2 步",
            "at_words": "今天 10:00",
            "deadline_words": "今天 10:45 前有人到现场",
            "waits_words": None,
            "can_cancel": True,
            "sentence": f"停电、故障报修（{number}）：在办，第 2 步。今天 10:45 前有人到现场。",
        }
    ]
    one = customer.get(f"/requests/{number.lower()}").json
    assert one["steps"] == [
        {"name": "收到报修", "at_words": "今天 10:00", "state": "done"},
        {"name": "派出抢修队", "at_words": None, "state": "now"},
        {"name": "人到现场，在修", "at_words": None, "state": "ahead"},
        {"name": "修好送电", "at_words": None, "state": "ahead"},
    ]
    for key in ("key-00000002", "key-00000003"):
        back = customer.post(f"/requests/{number}/cancel", {"key": key}).json
        assert (back["state"], back["can_cancel"], back["deadline_words"]) == (
            "cancelled",
            False,
            None,
        )
        assert back["steps"] == [
            {"name": "收到报修", "at_words": "今天 10:00", "state": "done"},
            {"name": "撤回了", "at_words": "今天 10:00", "state": "done"},
        ]


def test_what_has_come_too_far_is_not_taken_back(customer: Asker, database: Database) -> None:
    number = customer.post("/requests", REPAIR).json["request_no"]
    with database.unit_of_work() as session:
        request = moving.locked(session, number)
        assert moving.follow_core(session, request, "in_progress", request.opened_at)
    answer = customer.post(f"/requests/{number}/cancel", {"key": "key-00000002"})
    assert (answer.status_code, answer.json["code"]) == (409, "request.cannot_cancel")
    assert customer.get(f"/requests/{number}").json["state"] == "in_progress"


def test_a_stranger_reports_and_follows_in_the_conversation(stranger: Asker) -> None:
    """What needs a sign-in stays closed."""
    assert stranger.get("/requests").json == {
        "requests": [],
        "sentence": "登录以后能看您办过的申请。没登录报的修，凭受理号和电话后四位就能查。",
    }
    answer = stranger.post("/requests", {**REPAIR, "fields": TOLD["outage_repair"]})
    assert answer.status_code == 201
    number = answer.json["request_no"]
    assert stranger.get(f"/requests/{number}").json["can_cancel"] is True
    closed = stranger.post("/requests", {"kind": "transfer", "fields": {}, "key": KEY})
    assert (closed.status_code, closed.json["code"]) == (403, "sign_in")
    assert stranger.get("/requests/kinds/transfer").json["code"] == "sign_in"
    assert field(stranger, "outage_repair", "phone")["known"] is None


def test_a_known_outage_is_named_and_waited_for(customer: Asker, database: Database) -> None:
    with database.unit_of_work() as session:
        builders.create_service_point(session, session.get_one(Account, HOME))
        began = clock.now() - timedelta(minutes=30)
        outage = builders.create_outage(session, began, kind="unplanned", state="ongoing")
        number = outage.outage_no
    filed = customer.post("/requests", REPAIR).json
    waits = f"和已经知道的停电 {number} 是一回事，已经在修。"
    assert (filed["joined_outage"], filed["waits_words"]) == (number, waits)
    assert filed["deadline_words"] is None
    assert filed["sentence"] == f"停电、故障报修（{filed['request_no']}）：在办，第 2 步。{waits}"


def test_a_photo_that_must_be_there_is_asked_for(customer: Asker, database: Database) -> None:
    assert field(customer, "reading", "photos") == {
        "name": "photos",
        "label": "电表的照片",
        "type": "photo",
        "required": True,
        "choices": None,
        "known": None,
        "known_words": None,
    }
    told = {"kind": "reading", "fields": {"reading": "12045"}, "key": KEY}
    refused = customer.post("/requests", told)
    assert refused.status_code == 422
    assert refused.json == {
        "code": "request.field",
        "field": "photos",
        "sentence": "请加一张“电表的照片”，没有照片核对不了。",
    }
    assert requests(database) == 0
    photograph(customer, database, "reading", KEY)
    assert customer.post("/requests", told).status_code == 201


def test_documents_are_those_of_what_was_chosen(customer: Asker) -> None:
    asked = customer.get("/requests/kinds/ev_charger").json["documents"]
    told = {"kind": "ev_charger", "fields": TOLD["ev_charger"], "key": KEY}
    documents = customer.post("/requests", told).json["documents"]
    assert "车位的产权证明" in documents
    assert "车位的租赁合同" not in documents
    assert [each for each in documents if each in asked] == asked


def test_what_an_earlier_request_told_is_known_masked(customer: Asker, database: Database) -> None:
    told = {"kind": "new_connection", "fields": TOLD["new_connection"], "key": "key-00000000"}
    assert customer.post("/requests", told).status_code == 201
    assert field(customer, "temporary_supply", "holder")["known_words"] == "王*华"
    assert field(customer, "temporary_supply", "address")["known_words"] == "柳荫路 8 号"
    known = {"holder": "王*华", "purpose": "event", "from_day": "2026-12-20"}
    sizes = {"capacity": "50", "months": "1"}
    filed = customer.post(
        "/requests", {"kind": "temporary_supply", "fields": {**known, **sizes}, "key": KEY}
    )
    assert filed.status_code == 201
    with database.reading() as session:
        query = select(Request).where(Request.kind == "temporary_supply")
        stored = reading.values(session.scalars(query).one())
    assert (stored["holder"], stored["address"]) == ("王建华", "柳荫路 8 号")


def test_what_was_known_of_one_place_is_not_presumed_of_another(
    customer: Asker, database: Database
) -> None:
    there = {**REPAIR, "fields": {"trouble": "part", "place": "remote"}, "key": "key-00000000"}
    assert customer.post("/requests", there).status_code == 201
    elsewhere = {"trouble": "part", "address": "江边公园东门"}
    assert customer.post("/requests", {**REPAIR, "fields": elsewhere}).status_code == 201
    with database.reading() as session:
        first, second = session.scalars(select(Request).order_by(Request.id))
        assert reading.values(first)["place"] == "remote"
        assert "place" not in reading.values(second)


def test_what_it_waits_for_is_said(customer: Asker, database: Database) -> None:
    number = customer.post("/requests", {**REPAIR, "fields": {"trouble": "part"}}).json[
        "request_no"
    ]
    with database.unit_of_work() as session:
        staff = builders.create_user(session)
        staff.staff_role = "agent"
        session.flush()
        moving.pause(session, number, "门锁着，几点在家？", by=staff.id)
    found = customer.get(f"/requests/{number}").json
    assert (found["waits_words"], found["deadline_words"]) == (
        "等您回一句：门锁着，几点在家？",
        None,
    )
    head = f"停电、故障报修（{number}）：在办，第 2 步。"
    assert found["sentence"] == f"{head}等您回一句：门锁着，几点在家？"
    english = customer.get(f"/requests/{number}", "en").json
    assert english["waits_words"] == "We wait for your answer: 门锁着，几点在家？"
    with database.unit_of_work() as session:
        moving.resume(session, number)
    assert customer.get(f"/requests/{number}").json["waits_words"] is None


def test_a_step_of_ones_own_is_waited_for(customer: Asker, database: Database) -> None:
    told = {"kind": "pv_connection", "fields": TOLD["pv_connection"], "key": KEY}
    number = customer.post("/requests", told).json["request_no"]
    with database.unit_of_work() as session:
        staff = builders.create_user(session)
        staff.staff_role = "field"
        session.flush()
        moving.complete(session, number, "answered", by=staff.id, values={"plan": "屋顶接入"})
    assert customer.get(f"/requests/{number}").json["waits_words"] == "轮到您了：您安装好。"
    assert customer.get(f"/requests/{number}", "en").json["sentence"] == (
        f"Solar power ({number}): In hand, step 3. Your turn: You have it installed."
    )
