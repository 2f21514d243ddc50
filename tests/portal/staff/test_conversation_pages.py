"""The desk's talks, as agents and leads work with them."""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from runtime.database import Database
from service.conversations import (
    Conversation,
    Handoff,
    Message,
    Reply,
    answer,
    ask_for_person,
    canned,
    give_up,
    history,
    open_for_browser,
    open_for_user,
    rate,
    say,
)
from service.conversations.models import CannedReply
from service.models import User
from tests.portal.conftest import come_to_work, create_user, staff
from tests.portal.places import move_in, says, words

CUSTOMER = "13800002046"
AGENT, OTHER, LEAD = "13900000001", "13900000002", "13900000003"
ACCOUNT = "420011875603"
DESK = "/desk/conversations"
MORNING = "2026-12-11T02:00:00Z"
NIGHT = "2026-12-11T15:00:00Z"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def agent(app: Flask, database: Database) -> FlaskClient:
    return staff(app, database, AGENT, "agent")


@pytest.fixture
def other(app: Flask, database: Database) -> FlaskClient:
    return staff(app, database, OTHER, "agent")


@pytest.fixture
def lead(app: Flask, database: Database) -> FlaskClient:
    return staff(app, database, LEAD, "lead")


@pytest.fixture
def customer(database: Database) -> User:
    found = create_user(database, CUSTOMER)
    with database.unit_of_work() as session:
        move_in(session, found, account_no=ACCOUNT, balance_fen=14951)
        session.get_one(User, found.id).name = "王建华"
    return found


@pytest.fixture
def talk(database: Database, customer: User) -> Conversation:
    """A question that the assistant has answered with a card."""
    with database.unit_of_work() as session:
        found = open_for_user(session, customer.id)
        question = say(session, found, "上个月怎么这么多", "k1")
        buttons = [{"title": "看原因", "payload": "/explain_bill"}]
        card = {"kind": "bill", "bill_no": "B202611001"}
        answer(session, question, [Reply("十一月 149.51 元。", buttons, card)])
        return found


@pytest.fixture
def waiting(database: Database, talk: Conversation, clock: time_machine.Traveller) -> int:
    """The customer of `talk` waits for a person, from a minute later."""
    clock.shift(60)
    with database.unit_of_work() as session:
        return ask_for_person(session, talk, "asked", "问过十一月的账单，觉得多了").handoff_id


def send(client: FlaskClient, path: str, page: str = DESK, **fields: Any) -> Any:
    """Submit a form with the token of a page."""
    token = client.get(page).get_data(as_text=True).split('name="csrf_token" value="')[1]
    return client.post(path, data={"csrf_token": token.split('"')[0], **fields})


def taken(client: FlaskClient, handoff_id: int) -> str:
    """Take it; the address of its page."""
    answer = send(client, f"{DESK}/{handoff_id}/take")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{DESK}/{handoff_id}")
    return f"{DESK}/{handoff_id}"


def key(client: FlaskClient, page: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', client.get(page).text)
    assert found
    return found[1]


def texts(database: Database, talk: Conversation) -> list[tuple[str, str]]:
    with database.unit_of_work() as session:
        return [(each.author, each.text) for each in history(session, talk)]


@pytest.mark.parametrize("role", ["finance", "field"])
def test_other_roles_have_no_such_room(
    app: Flask, database: Database, waiting: int, role: str
) -> None:
    client = staff(app, database, AGENT, role)
    pages = (DESK, f"{DESK}/{waiting}", f"{DESK}/calls", f"{DESK}/replies")
    assert [client.get(page).status_code for page in pages] == [404] * 4


def test_a_customer_and_a_stranger_have_no_such_room(app: Flask, client: FlaskClient) -> None:
    answer = client.get(DESK)
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        "/sign-in?next=/desk/conversations",
    )


def test_the_queue_tells_who_waits_and_why(
    agent: FlaskClient, waiting: int, clock: time_machine.Traveller
) -> None:
    clock.shift(180)
    page = says(agent, DESK)
    assert "在等的人，1 位" in page
    assert "3 分钟" in page
    assert "王*华" in page
    assert "客户要找人：问过十一月的账单，觉得多了" in page
    assert "王建华" not in page
    assert CUSTOMER not in page


def test_what_was_said_is_for_whoever_takes_it(agent: FlaskClient, waiting: int) -> None:
    before = says(agent, f"{DESK}/{waiting}")
    assert "问过十一月的账单" in before
    assert "上个月怎么这么多" not in before
    after = says(agent, taken(agent, waiting))
    assert "上个月怎么这么多" in after
    assert "十一月 149.51 元。" in after
    assert "给客户看了：一张账单 B202611001" in after
    assert "可以点：看原因" in after
    assert "138 **** 2046" in after
    assert "4200 1187 5603 · 待缴 ¥149.51" in after
    assert CUSTOMER not in after


def test_who_comes_second_reads_that_a_colleague_was_quicker(
    agent: FlaskClient, other: FlaskClient, waiting: int
) -> None:
    taken(agent, waiting)
    second = send(other, f"{DESK}/{waiting}/take", "/desk/counter")
    assert (second.status_code, second.headers["Location"]) == (303, DESK)
    assert "这位客户已经有同事接待了。" in says(other, DESK)
    taken(agent, waiting)


def test_a_neighbour_sees_nothing_of_a_colleague_s_talk(
    database: Database, agent: FlaskClient, other: FlaskClient, waiting: int, talk: Conversation
) -> None:
    taken(agent, waiting)
    before = texts(database, talk)
    assert other.get(f"{DESK}/{waiting}").status_code == 404
    for deed in ("reply", "more", "back", "close", "release"):
        answer = send(
            other, f"{DESK}/{waiting}/{deed}", "/desk/counter", text="我来说", key="other"
        )
        assert answer.status_code == 404, deed
    assert texts(database, talk) == before
    assert "王*华" not in says(other, DESK)


def test_a_reply_goes_out_once(
    database: Database, agent: FlaskClient, waiting: int, talk: Conversation
) -> None:
    page = taken(agent, waiting)
    form = {"text": "您好，我来看看", "key": key(agent, page)}
    for _ in range(2):
        answer = send(agent, f"{page}/reply", page, **form)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"{page}#reply")
    assert texts(database, talk)[-1] == ("staff", "您好，我来看看")
    assert [author for author, _ in texts(database, talk)].count("staff") == 1
    assert "最后一条回复：已发出" in says(agent, page)


def test_what_cannot_be_sent_stays_in_the_box(
    database: Database, agent: FlaskClient, waiting: int, talk: Conversation
) -> None:
    page = taken(agent, waiting)
    empty = send(agent, f"{page}/reply", page, text="  ", key="k")
    assert empty.status_code == 400
    assert "还没有写内容。" in words(empty.text)
    with database.unit_of_work() as session:
        give_up(session, talk)
    late = send(agent, f"{page}/reply", DESK, text="写了半天的话", key="k2")
    assert late.status_code == 409
    assert "这次接待已经结束了。" in words(late.text)
    assert "写了半天的话</textarea>" in late.text
    assert texts(database, talk)[-1] == ("notice", "finished")


def test_a_ready_reply_is_put_in_without_a_script(
    database: Database, agent: FlaskClient, waiting: int
) -> None:
    with database.unit_of_work() as session:
        ready = canned.add(session, "危险", "请马上打 {hotline}。", "Call {hotline} now.")
    page = taken(agent, waiting)
    answer = send(agent, f"{page}/reply", page, text="您好。", ready=str(ready.id), key="k")
    assert answer.status_code == 200
    box = re.search(r"<textarea[^>]*>(.*?)</textarea>", answer.text, re.S)
    assert box
    assert box[1] == "您好。\n请马上打 96000。"
    with database.unit_of_work() as session:
        written = select(func.count()).where(Message.author == "staff")
        assert session.scalar(written) == 0


def test_an_english_customer_gets_english_ready_replies(
    database: Database, agent: FlaskClient, waiting: int, talk: Conversation
) -> None:
    with database.unit_of_work() as session:
        canned.add(session, "危险", "请马上打 {hotline}。", "Call {hotline} now.")
        session.get_one(Conversation, talk.id).language = "en"
    page = agent.get(taken(agent, waiting)).text
    assert 'data-words="Call 96000 now."' in page
    assert "客户在用英文。" in page


def test_looking_brings_what_is_new_and_tells_the_customer(
    database: Database, agent: FlaskClient, waiting: int, talk: Conversation
) -> None:
    page = taken(agent, waiting)
    with database.unit_of_work() as session:
        seen = history(session, talk)[-1].id
        fresh = say(session, talk, "在吗 <b>", "k2").id
    hidden = send(agent, f"{page}/more", page, after=str(seen), visible="no")
    assert hidden.status_code == 200
    assert "在吗 &lt;b&gt;" in hidden.text
    assert "上个月怎么这么多" not in hidden.text
    assert f'"after": {fresh}' in hidden.text
    with database.unit_of_work() as session:
        assert history(session, talk)[-1].delivery == "delivered"
    send(agent, f"{page}/more", page, after=str(seen))
    with database.unit_of_work() as session:
        first, *_, last = history(session, talk)
        assert (first.delivery, last.delivery) == ("sent", "read")
    with database.unit_of_work() as session:
        give_up(session, talk)
    ended = send(agent, f"{page}/more", DESK, after=str(fresh))
    assert "客户说聊完了" in ended.text
    assert "hx-trigger" not in ended.text, "what has ended is not asked for again"


def test_the_queue_is_sent_only_when_it_has_changed(
    database: Database, agent: FlaskClient, waiting: int, talk: Conversation
) -> None:
    found = re.search(r'"seen": "([0-9a-f]+)"', agent.get(DESK).text)
    assert found
    same = send(agent, f"{DESK}/queue", seen=found[1])
    assert (same.status_code, same.text) == (204, "")
    taken(agent, waiting)
    with database.unit_of_work() as session:
        say(session, talk, "在吗", "k2")
    changed = send(agent, f"{DESK}/queue", seen=found[1])
    assert changed.status_code == 200
    assert "没有人在等" in changed.text
    assert "1 条新的" in changed.text
    with database.unit_of_work() as session:
        assert history(session, talk)[-1].delivery == "delivered"


@pytest.mark.parametrize(
    ("deed", "how", "said"),
    [("back", "handed_back", "交回给助手了。"), ("close", "closed", "结束了，会请客户评一评。")],
)
def test_a_talk_ends(
    database: Database, agent: FlaskClient, waiting: int, deed: str, how: str, said: str
) -> None:
    page = taken(agent, waiting)
    for _ in range(2):
        answer = send(agent, f"{page}/{deed}", DESK)
        assert (answer.status_code, answer.headers["Location"]) == (303, DESK)
        assert said in says(agent, DESK)
    with database.unit_of_work() as session:
        handoff = session.get_one(Handoff, waiting)
        assert (handoff.state, handoff.how) == ("closed", how)
        assert session.get_one(Conversation, handoff.conversation_id).held_by == "assistant"


def test_what_is_said_after_the_end_is_none_of_the_desk_s(
    database: Database,
    agent: FlaskClient,
    waiting: int,
    talk: Conversation,
    clock: time_machine.Traveller,
) -> None:
    page = taken(agent, waiting)
    send(agent, f"{page}/close", page)
    clock.shift(1)
    with database.unit_of_work() as session:
        say(session, talk, "这是和助手说的", "k3")
    shown = says(agent, page)
    assert "上个月怎么这么多" in shown
    assert "这是和助手说的" not in shown


def test_ratings_are_seen_by_who_was_rated_and_by_leads(
    database: Database,
    agent: FlaskClient,
    other: FlaskClient,
    lead: FlaskClient,
    waiting: int,
    talk: Conversation,
) -> None:
    page = taken(agent, waiting)
    send(agent, f"{page}/close", page)
    with database.unit_of_work() as session:
        rate(session, talk, 4, "讲得清楚")
    assert "4 星" in says(agent, DESK)
    assert "讲得清楚" in says(lead, DESK)
    assert "讲得清楚" not in says(other, DESK)
    assert "客户评了 4 星" in says(agent, page)


def test_a_lead_sees_all_and_puts_back_what_was_left(
    database: Database, agent: FlaskClient, lead: FlaskClient, waiting: int
) -> None:
    page = taken(agent, waiting)
    assert "同事在接待的" in says(lead, DESK)
    assert "上个月怎么这么多" in says(lead, page)
    refused = send(lead, f"{page}/reply", page, text="我来", key="k")
    assert refused.status_code == 409
    assert send(lead, f"{page}/release", page).status_code == 303
    with database.unit_of_work() as session:
        assert session.get_one(Handoff, waiting).state == "waiting"


def test_a_stranger_s_page_warns_of_telling(database: Database, agent: FlaskClient) -> None:
    with database.unit_of_work() as session:
        stranger = open_for_browser(session, "a browser")
        asked = ask_for_person(session, stranger, "angry", "")
    shown = says(agent, taken(agent, asked.handoff_id))
    assert "没有登录的客户" in shown
    assert "不要说任何户号的情况" in shown
    assert "客户着急了" in shown


def test_calls_back_are_taken_on_and_noted(
    database: Database,
    agent: FlaskClient,
    other: FlaskClient,
    lead: FlaskClient,
    talk: Conversation,
    clock: time_machine.Traveller,
) -> None:
    clock.move_to(NIGHT)
    for client, phone in ((agent, AGENT), (other, OTHER), (lead, LEAD)):
        come_to_work(client, phone)
    with database.unit_of_work() as session:
        number = ask_for_person(session, talk, "asked", "想问增容").handoff_id
    calls = f"{DESK}/calls"
    listed = says(agent, calls)
    assert "想问增容" in listed
    assert "138 **** 2046" in listed
    assert CUSTOMER not in agent.get(calls).text
    assert send(agent, f"{calls}/{number}/take-on", calls).status_code == 303
    assert f"tel:{CUSTOMER}" in agent.get(calls).text
    assert "想问增容" not in says(other, calls)
    assert "要回的电话，0 个" in says(other, DESK)
    assert "想问增容" in says(lead, calls)
    assert "要回的电话，1 个" in says(lead, DESK)
    assert "要回的电话，1 个" in says(agent, DESK)
    send(other, f"{calls}/{number}/take-on", DESK)
    assert "这位客户已经有同事接待了。" in says(other, calls)
    send(agent, f"{calls}/{number}/called", calls, note="讲清楚了")
    assert "记下了。" in says(agent, calls)
    assert "都回过了。" in says(agent, calls)
    assert "讲清楚了" in says(agent, f"{DESK}/{number}")
    with database.unit_of_work() as session:
        assert session.get_one(Handoff, number).state == "called"


def test_leads_keep_the_ready_replies(
    database: Database, agent: FlaskClient, lead: FlaskClient
) -> None:
    replies = f"{DESK}/replies"
    assert agent.get(replies).status_code == 404
    first = {"title": "问候", "text_zh": "您好", "text_en": "Hello"}
    assert send(lead, replies, replies, **first).status_code == 303
    again = send(lead, replies, replies, **{**first, "text_zh": "打了很久的字"})
    assert again.status_code == 409
    assert "已经有一条同名的常用语" in words(again.text)
    assert "打了很久的字" in again.text
    with database.unit_of_work() as session:
        kept = session.scalars(select(CannedReply)).one().id
    changed = send(lead, f"{replies}/{kept}", replies, **{**first, "text_en": "Good day"})
    assert changed.status_code == 303
    assert "Good day" in lead.get(replies).text
    assert send(lead, f"{replies}/{kept + 1}", replies, **first).status_code == 404
    assert send(lead, f"{replies}/{kept}/remove", replies).status_code == 303
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(CannedReply)) == 0


def test_the_desk_speaks_english(lead: FlaskClient, waiting: int) -> None:
    page = taken(lead, waiting)
    talk = says(lead, f"{page}?lang=en")
    assert "Shown to the customer: A bill B202611001" in talk
    pages = [talk, *(says(lead, path) for path in (DESK, f"{DESK}/calls", f"{DESK}/replies"))]
    told = (
        "王*华",
        "问过十一月的账单，觉得多了",
        "上个月怎么这么多",
        "十一月 149.51 元。",
        "看原因",
    )
    for shown in pages:
        for each in (*told, "中文", "。", "梧桐里 12 栋"):
            shown = shown.replace(each, "")
        assert re.findall(r"[\u4e00-\u9fff]+", shown) == []


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(
    agent: FlaskClient, waiting: int, clock: time_machine.Traveller
) -> None:
    send(agent, f"{DESK}/{waiting}/take", DESK)
    talk = f"{DESK}/{waiting}"
    for path, asks in ((DESK, f"{DESK}/queue"), (talk, f"{talk}/more")):
        told = re.search(rf"hx-post=\"{asks}\".*?hx-headers='([^']+)'", agent.get(path).text)
        assert told, path
        headers = {"HX-Request": "true", **json.loads(html.unescape(told[1]))}
        for _ in range(2):
            clock.shift(14 * 60)
            assert agent.post(asks, headers=headers).status_code in (200, 204)
        clock.shift(3 * 60)
        gone = agent.post(asks, headers=headers)
        assert gone.headers["HX-Redirect"].startswith("/sign-in?")
        come_to_work(agent, AGENT)
