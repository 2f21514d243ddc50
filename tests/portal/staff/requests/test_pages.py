"""The queue of requests and a case, as agents and leads work with them."""

import re
from datetime import UTC, datetime
from io import BytesIO

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from runtime.database import Database
from service.audit import AuditEntry
from service.requests import appointments, moving, reading, talking
from service.requests.kinds import Field, kind
from service.requests.models import Request
from tests.portal.conftest import create_user, sign_in, staff
from tests.portal.places import queries, says, words
from tests.portal.staff.requests.conftest import (
    AGENT,
    DESK,
    OTHER,
    at_work,
    fresh,
    send,
    turns,
    who,
)
from tests.service.requests.conftest import Customer, ask


@pytest.mark.parametrize("role", ["finance", "field", "inspector"])
def test_other_roles_have_no_such_room(
    app: Flask, database: Database, repair: Request, role: str
) -> None:
    client = staff(app, database, AGENT, role)
    pages = (DESK, f"{DESK}/{repair.request_no}", f"{DESK}/export", "/desk/load")
    assert [client.get(page).status_code for page in pages] == [404] * 4


def test_a_neighbour_and_a_stranger_have_no_such_room(
    client: FlaskClient, database: Database, repair: Request
) -> None:
    assert client.get(DESK).headers["Location"] == "/sign-in?next=/desk/requests"
    create_user(database, "13800000077")
    sign_in(client, "13800000077")
    assert client.get(DESK).status_code == 404
    assert client.get(f"{DESK}/{repair.request_no}").status_code == 404


def test_an_agent_has_no_board_of_the_load(agent: FlaskClient) -> None:
    assert agent.get("/desk/load").status_code == 404


def test_the_queue_is_ordered_by_the_clock(
    agent: FlaskClient, database: Database, customer: Customer
) -> None:
    ask(database, customer, "new_connection", "k1")
    ask(database, customer, "outage_repair", "k2")
    assert turns(agent) == [
        "45 分派出抢修队 停电、故障报修：家里都没电王*华 · 梧桐里 12 栋 502没人接",
        "5 天看现场、定方案 居民新装138 **** 8000 · 柳荫路 8 号没人接",
    ]
    page = agent.get(DESK).text
    assert "王建华" not in page
    assert "13800138000" not in page
    assert "这里没有等着办的" in says(agent, f"{DESK}?queue=mine")


def test_what_is_late_says_by_how_much(
    app: Flask, database: Database, customer: Customer, clock: time_machine.Traveller
) -> None:
    ask(database, customer, "outage_repair", "k1")
    ask(database, customer, "complaint", "k2")
    clock.shift(57 * 60)
    agent = at_work(app, database, AGENT, "agent", "林小满")
    [row] = turns(agent, f"{DESK}?queue=late")
    assert row.startswith("超 12 分")


def test_a_queue_is_narrowed_and_an_address_of_nothing_is_a_queue(
    agent: FlaskClient, database: Database, customer: Customer
) -> None:
    ask(database, customer, "new_connection", "k1")
    urgent = ask(database, customer, "outage_repair", "k2")
    with database.unit_of_work() as session:
        moving.urge(session, urgent.request_no, True, by=who(database, AGENT).id)
    assert len(turns(agent, f"{DESK}?kind=new_connection")) == 1
    [row] = turns(agent, f"{DESK}?urgent=yes")
    assert "特急" in row
    assert len(turns(agent, f"{DESK}?team=connection")) == 1
    odd = f"{DESK}?queue=x&team=x&kind=x&person=x&after=x"
    assert len(turns(agent, odd)) == 2
    chosen = agent.get(f"{DESK}/choose?queue=all&team=any&kind=outage_repair&urgent=yes")
    assert chosen.headers["Location"] == (
        f"{DESK}?team=any&queue=all&kind=outage_repair&urgent=yes"
    )


def test_the_seat_is_where_one_begins(
    agent: FlaskClient, database: Database, customer: Customer
) -> None:
    ask(database, customer, "new_connection", "k1")
    ask(database, customer, "outage_repair", "k2")
    page = f"{DESK}?team=repair"
    assert send(agent, f"{DESK}/seat", page, team="repair").headers["Location"] == DESK
    [row] = turns(agent)
    assert "家里都没电" in row
    assert len(turns(agent, f"{DESK}?team=any")) == 2
    assert send(agent, f"{DESK}/seat", team="kitchen").status_code == 303
    assert "没有这个班组" in says(agent, DESK)


def test_a_case_is_read_and_that_is_written_down(
    agent: FlaskClient, database: Database, repair: Request
) -> None:
    page = says(agent, f"{DESK}/{repair.request_no}")
    assert "停电、故障报修：家里都没电" in page
    assert "45 分 派出抢修队" in page
    assert "下一步：派出抢修队" in page
    assert "138 **** 8000" in page
    assert "13800138000" not in page
    assert "没人接" not in page
    with database.unit_of_work() as session:
        [entry] = session.scalars(select(AuditEntry)).all()
        assert (entry.user_id, entry.deed) == (who(database, AGENT).id, "seen")
        assert (entry.subject, entry.about) == (repair.account_no, repair.request_no)


def test_a_whole_number_is_shown_when_it_is_asked_for(
    agent: FlaskClient, database: Database, repair: Request
) -> None:
    case = f"{DESK}/{repair.request_no}"
    shown = send(agent, f"{case}/phone", case)
    assert 'href="tel:13800138000"' in shown.text
    assert "13800138000" not in agent.get(case).text
    with database.unit_of_work() as session:
        seen = select(AuditEntry).where(AuditEntry.deed == "customer.phone")
        [entry] = session.scalars(seen).all()
        assert (entry.subject, entry.about) == (repair.request_no, repair.request_no)


def test_papers_that_a_customer_brings_are_added_and_opened(
    agent: FlaskClient, other: FlaskClient, database: Database, customer: Customer
) -> None:
    made = ask(database, customer, "new_connection")
    case = f"{DESK}/{made.request_no}"
    document = kind("new_connection").documents[0]
    photo = BytesIO()
    Image.new("RGB", (40, 30), "#8d98b0").save(photo, "JPEG")
    for _again in range(2):
        sent = (BytesIO(photo.getvalue()), "a.jpg")
        added = send(agent, f"{case}/files", case, files=sent, document=document.name)
        assert added.status_code == 303
    with database.unit_of_work() as session:
        [kept] = reading.any_request(session, made.request_no).files
        assert (kept.document, kept.by_id) == (document.name, who(database, AGENT).id)
    assert document.title.zh in says(other, case)
    opened = other.get(f"{case}/files/{kept.name}")
    assert (opened.status_code, opened.mimetype) == (200, "image/jpeg")
    with database.unit_of_work() as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.subject == kept.name))
        assert (entry.user_id, entry.about) == (who(database, OTHER).id, made.request_no)
    assert other.get(f"{DESK}/{made.request_no}/files/{'0' * 32}").status_code == 404


def test_what_is_no_paper_is_not_kept(
    agent: FlaskClient, database: Database, repair: Request
) -> None:
    case = f"{DESK}/{repair.request_no}"
    page = BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    refused = send(agent, f"{case}/files", case, files=(page, "a.jpg"))
    assert refused.status_code == 400
    assert 'role="alert"' in refused.text
    with database.unit_of_work() as session:
        assert reading.any_request(session, repair.request_no).files == []


def test_an_unknown_number_is_no_case(agent: FlaskClient) -> None:
    assert agent.get(f"{DESK}/BX999999999999").status_code == 404


def test_of_two_who_take_it_one_has_it(
    agent: FlaskClient, other: FlaskClient, database: Database, repair: Request
) -> None:
    case = f"{DESK}/{repair.request_no}"
    assert send(agent, f"{case}/take", case).status_code == 303
    late = send(other, f"{case}/take", case)
    assert late.status_code == 409
    assert "同事先接了" in words(late.text)
    assert fresh(database, repair.request_no).assignee_id == who(database, AGENT).id
    assert "您在办" in says(agent, case)
    assert "林小满 在办" in says(other, case)


def test_a_step_is_done_once_by_two_agents(
    agent: FlaskClient, other: FlaskClient, database: Database, repair: Request
) -> None:
    case = f"{DESK}/{repair.request_no}"
    step = {"step": "crew_sent", "note": "抢修三班出发了"}
    first = send(agent, f"{case}/step", case, key="k1", **step)
    assert first.status_code == 303
    again = send(agent, f"{case}/step", case, key="k1", **step)
    assert again.status_code == 303
    second = send(other, f"{case}/step", case, key="k2", step="crew_sent", note="我的话")
    assert second.status_code == 409
    assert "我的话" in second.text
    assert "这一步刚才已经有人做了" in words(second.text)
    events = fresh(database, repair.request_no).events
    assert [(each.code, each.note) for each in events] == [
        ("opened", None),
        ("moved", "抢修三班出发了"),
    ]
    page = says(other, case)
    assert "林小满抢修三班出发了" in page


def test_what_the_form_of_a_step_holds_is_checked_and_kept(
    agent: FlaskClient, database: Database, repair: Request
) -> None:
    case = f"{DESK}/{repair.request_no}"
    for name in ("crew_sent", "arrived"):
        assert send(agent, f"{case}/step", case, key=name, step=name).status_code == 303
    last = moving.next_step(fresh(database, repair.request_no))
    assert last is not None
    filled = {f"in-{each.name}": _value(each) for each in last.form}
    missing = send(agent, f"{case}/step", case, key="k3", step=last.name, note="修好了")
    assert missing.status_code == 400
    assert "修好了" in missing.text
    assert send(agent, f"{case}/step", case, key="k4", step=last.name, **filled).status_code == 303
    assert fresh(database, repair.request_no).state == "done"
    page = says(agent, case)
    assert "办到这一步" not in page
    assert last.form[0].label.zh in page


def _value(field: Field) -> str:
    match field.type:
        case "choice":
            return field.choices[0].value
        case "number":
            return str(field.least)
    return "换了保险"


def test_the_customer_is_asked_and_the_clock_stands(
    agent: FlaskClient, database: Database, repair: Request
) -> None:
    case = f"{DESK}/{repair.request_no}"
    empty = send(agent, f"{case}/pause", case, needs=" ", key="p0")
    assert empty.status_code == 400
    asked = send(agent, f"{case}/pause", case, needs="请拍一张表箱的照片", key="p1")
    assert asked.status_code == 303
    assert fresh(database, repair.request_no).due_at is None
    page = says(agent, case)
    assert "时钟停着，等客户请拍一张表箱的照片" in page
    assert "下一步：" not in page
    stopped = send(agent, f"{case}/step", case, key="k1", step="crew_sent")
    assert stopped.status_code == 409
    assert send(agent, f"{case}/resume", case).status_code == 303
    assert fresh(database, repair.request_no).paused_at is None


def test_a_refusal_has_a_reason(agent: FlaskClient, database: Database, repair: Request) -> None:
    case = f"{DESK}/{repair.request_no}"
    assert send(agent, f"{case}/reject", case, reason="").status_code == 400
    assert fresh(database, repair.request_no).state == "received"
    assert send(agent, f"{case}/reject", case, reason="是小区自己的线").status_code == 303
    assert fresh(database, repair.request_no).state == "rejected"
    page = says(agent, case)
    assert "是小区自己的线" in page
    assert "我来接" not in page.split("键盘操作")[0]


def test_one_gives_a_case_to_a_colleague(
    agent: FlaskClient, other: FlaskClient, lead: FlaskClient, database: Database, repair: Request
) -> None:
    case, colleague = f"{DESK}/{repair.request_no}", who(database, OTHER).id
    assert send(agent, f"{case}/hand", case, to=str(colleague)).status_code == 303
    assert fresh(database, repair.request_no).assignee_id == colleague
    stolen = send(agent, f"{case}/hand", case, to=str(who(database, AGENT).id))
    assert stolen.status_code == 409
    assert fresh(database, repair.request_no).assignee_id == colleague
    assert "转给同事" not in says(agent, case)
    assert send(lead, f"{case}/hand", case, to="").status_code == 303
    assert fresh(database, repair.request_no).assignee_id is None


def test_urgent_and_no_longer(agent: FlaskClient, database: Database, repair: Request) -> None:
    case = f"{DESK}/{repair.request_no}"
    assert send(agent, f"{case}/urge", case, urgent="yes").status_code == 303
    assert fresh(database, repair.request_no).urgent is True
    assert send(agent, f"{case}/urge", case, urgent="no").status_code == 303
    assert fresh(database, repair.request_no).urgent is False


def test_a_note_is_for_colleagues_alone(
    agent: FlaskClient, other: FlaskClient, database: Database, repair: Request
) -> None:
    case = f"{DESK}/{repair.request_no}"
    for _again in range(2):
        send(agent, f"{case}/note", case, own="家里有吸氧机", key="k-n")
    assert says(other, case).count("家里有吸氧机") == 1
    assert "林小满 · 今天 10:00" in says(other, case)
    assert send(agent, f"{case}/note", case, own=" ", key="k-m").status_code == 400


def test_the_desk_and_the_customer_write_to_each_other(
    agent: FlaskClient, database: Database, customer: Customer, repair: Request
) -> None:
    case = f"{DESK}/{repair.request_no}"
    with database.unit_of_work() as session:
        talking.say(session, customer.asker, repair.request_no, "还要多久？", "c1")
    [row] = turns(agent)
    assert "1 条新的" in row
    assert "还要多久？" in says(agent, case)
    [row] = turns(agent)
    assert "新的" not in row
    assert send(agent, f"{case}/say", case, text="二十分钟到。", key="s1").status_code == 303
    assert send(agent, f"{case}/say", case, text="二十分钟到。", key="s1").status_code == 303
    page = says(agent, case)
    assert page.count("二十分钟到。") == 1
    assert "林小满 · 今天 10:00 · 还没有看" in page
    assert send(agent, f"{case}/say", case, text=" ", key="s2").status_code == 400


def test_a_visit_is_booked_moved_and_called_off_for_the_customer(
    agent: FlaskClient, database: Database, customer: Customer
) -> None:
    made = ask(database, customer, "new_connection")
    case = f"{DESK}/{made.request_no}"
    assert "还没有约时间" in says(agent, case)
    slots = re.findall(r'<option value="(2026-12-[^"]+)">', agent.get(case).text)
    for at in slots[:2]:
        assert send(agent, f"{case}/visit", case, at=at).status_code == 303
    with database.unit_of_work() as session:
        booked = appointments.current(session, fresh(database, made.request_no))
        assert booked is not None
        assert booked.starts_at.isoformat() == _utc(slots[1])
    assert send(agent, f"{case}/visit", case, at="tomorrow").status_code == 400
    assert send(agent, f"{case}/visit", case).status_code == 303
    assert "还没有约时间" in says(agent, case)


def _utc(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat()


def test_colleagues_see_who_has_it_open_and_what_has_changed(
    agent: FlaskClient, other: FlaskClient, repair: Request
) -> None:
    case = f"{DESK}/{repair.request_no}"
    page = agent.get(case).text
    seen = re.search(r'"seen": "([^"]+)"', page)
    assert seen
    quiet = send(agent, f"{case}/look", case, seen=seen[1]).text
    assert "也开着这一件" not in quiet
    assert "变动" not in quiet
    other.get(case)
    assert "周宁 也开着这一件" in send(agent, f"{case}/look", case, seen=seen[1]).text
    send(other, f"{case}/say", case, text="二十分钟到。", key="s1")
    assert "这一件刚刚有了变动" in send(agent, f"{case}/look", case, seen=seen[1]).text


def test_an_open_page_keeps_nobody_signed_in_who_has_gone(
    agent: FlaskClient, repair: Request, clock: time_machine.Traveller
) -> None:
    case = f"{DESK}/{repair.request_no}"
    token = re.search(r'name="csrf_token" value="([^"]+)"', agent.get(case).text)
    assert token
    for _quarter in range(3):
        clock.shift(14 * 60)
        answer = agent.post(
            f"{case}/look", data={"csrf_token": token[1]}, headers={"X-By-Itself": "yes"}
        )
    assert answer.status_code == 302
    assert agent.get(case).headers["Location"].startswith("/sign-in")


def test_the_link_to_the_customer_says_why(agent: FlaskClient, repair: Request) -> None:
    page = agent.get(f"{DESK}/{repair.request_no}").text
    way = f"/desk/customers/{repair.account_no}?about={repair.request_no}"
    assert f'href="{way}"' in page
    assert "王*华" in says(agent, way)


def test_many_at_once(
    agent: FlaskClient, other: FlaskClient, database: Database, customer: Customer
) -> None:
    made = [ask(database, customer, key=f"k{number}").request_no for number in range(3)]
    send(other, f"{DESK}/{made[2]}/take", f"{DESK}/{made[2]}")
    me = str(who(database, AGENT).id)
    assert send(agent, f"{DESK}/bulk", no=made, deed="hand", to=me).status_code == 303
    assert "转了 2 件。1 件没有转" in says(agent, DESK)
    assert len(turns(agent, f"{DESK}?queue=mine")) == 2
    send(agent, f"{DESK}/bulk", no=made[:2], deed="hand", to="nobody")
    assert turns(agent, f"{DESK}?queue=mine") == []
    send(agent, f"{DESK}/bulk", no=made, deed="urge")
    assert "改了 3 件。" in says(agent, DESK)
    send(agent, f"{DESK}/bulk", no=made, deed="note", text="同一台变压器", key="k1")
    assert "给 3 件写了备注。" in says(agent, DESK)
    assert "同一台变压器" in says(agent, f"{DESK}/{made[1]}")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"deed": "urge"}, "先在前面勾上要办的"),
        ({"deed": "burn", "no": "BX1"}, "没有这样的办法"),
        ({"deed": "note", "no": "BX1", "text": " "}, "备注是空的"),
        ({"deed": "hand", "no": "BX1", "to": "999"}, "没有这个人"),
    ],
)
def test_what_cannot_be_done_with_many_is_said(
    agent: FlaskClient, repair: Request, fields: dict[str, str], said: str
) -> None:
    number = repair.request_no
    sent = {"text": "同一台变压器", **fields} | ({"no": number} if "no" in fields else {})
    answer = send(agent, f"{DESK}/bulk", **sent)
    assert answer.status_code in (400, 404)
    assert said in words(answer.text)
    assert f'name="text" value="{sent["text"]}"' in answer.text
    ticked = f'name="no" value="{number}" checked' in answer.text
    assert ticked is ("no" in fields)


def test_tabs_count_what_is_chosen(
    agent: FlaskClient, database: Database, customer: Customer
) -> None:
    ask(database, customer, "new_connection", "k1")
    urgent = ask(database, customer, "outage_repair", "k2")
    with database.unit_of_work() as session:
        moving.urge(session, urgent.request_no, True, by=who(database, AGENT).id)
    assert "没人接的2" in says(agent, DESK)
    assert "没人接的1" in says(agent, f"{DESK}?urgent=yes")
    assert "没人接的1" in says(agent, f"{DESK}?kind=new_connection")
    assert "没人接的0" in says(agent, f"{DESK}?kind=new_connection&urgent=yes")


def test_a_case_that_is_back_says_why_and_what_was_answered(
    agent: FlaskClient, database: Database, customer: Customer, repair: Request
) -> None:
    case = f"{DESK}/{repair.request_no}"
    send(agent, f"{case}/reject", case, reason="是小区自己的线")
    assert "没有受理，因为：是小区自己的线" in says(agent, case).split("下一步：")[0]
    with database.unit_of_work() as session:
        moving.reopen(session, customer.asker, repair.request_no, "物业说不是")
    top = says(agent, case).split("下一步：")[0]
    assert "客户要求重新办，今天 10:00：物业说不是" in top
    assert "上次我们的答复，今天 10:00：没有受理是小区自己的线" in top


def test_who_loses_a_race_reads_who_has_it(
    agent: FlaskClient, lead: FlaskClient, repair: Request
) -> None:
    case = f"{DESK}/{repair.request_no}"
    send(agent, f"{case}/take", case)
    late = send(lead, f"{case}/take", case)
    assert late.status_code == 409
    assert "这一件现在在同事手里" in late.text
    assert "请班长来转" not in late.text


def test_views_are_kept_and_forgotten(
    agent: FlaskClient, other: FlaskClient, database: Database, repair: Request
) -> None:
    place = "team=repair&queue=late&urgent=yes"
    kept = send(agent, f"{DESK}/filters?{place}", name="急的")
    assert kept.headers["Location"] == f"{DESK}?{place}"
    page = agent.get(DESK).text
    assert f'href="{DESK}?{place.replace("&", "&amp;")}">急的</a>' in page
    assert "急的" not in says(other, DESK)
    [drop] = re.findall(r'action="([^"]+/drop)"', page)
    assert send(other, drop).status_code == 404
    assert send(agent, drop).status_code == 303
    assert "急的" not in says(agent, DESK)
    send(agent, f"{DESK}/filters", name=" ")
    assert "起个名字" in says(agent, DESK)


def test_a_number_leads_to_its_case_and_all_else_to_the_customers(
    agent: FlaskClient, repair: Request
) -> None:
    typed = repair.request_no.lower().replace("bx", "ｂｘ ")
    found = send(agent, f"{DESK}/find", q=typed)
    assert (found.status_code, found.headers["Location"]) == (303, f"{DESK}/{repair.request_no}")
    name = send(agent, f"{DESK}/find", q="王建华")
    assert (name.status_code, name.headers["Location"]) == (307, "/desk/customers")


def test_the_queue_costs_few_questions(
    agent: FlaskClient, database: Database, customer: Customer
) -> None:
    for number in range(5):
        ask(database, customer, key=f"k{number}")
    agent.get(DESK)
    with queries() as asked:
        assert len(turns(agent)) == 5
    assert len(asked) <= 8, asked


def test_a_case_costs_few_questions(agent: FlaskClient, repair: Request) -> None:
    case = f"{DESK}/{repair.request_no}"
    agent.get(case)
    with queries() as asked:
        agent.get(case)
    assert len(asked) <= 21, asked
