"""A person behind the assistant, as the customer meets them."""

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.chat.entries import NOTICES
from runtime.database import Database
from service.conversations import Handoff, Message, desk, notices
from service.models import User
from tests.portal.chat.conftest import Talk
from tests.portal.chat.rasa import Behaviour, Rasa, body, drops, says, silent
from tests.portal.conftest import create_user, post, sign_in
from tests.portal.places import queries
from tests.portal.places import says as page_says

NEWS = "有人回您了"
MORNING, NIGHT = "2026-12-11T02:00:00Z", "2026-12-11T15:00:00Z"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def agent(database: Database) -> int:
    """林小满."""
    found = create_user(database, "13900000001")
    with database.unit_of_work() as session:
        staff = session.get_one(User, found.id)
        staff.staff_role, staff.name = "agent", "林小满"
    return found.id


def handoff(database: Database) -> Handoff:
    with database.unit_of_work() as session:
        return session.scalars(select(Handoff).order_by(Handoff.id.desc())).first()  # type: ignore[return-value]


def taken(database: Database, agent: int) -> int:
    """The conversation is taken by the agent; the handoff's id."""
    found = handoff(database).id
    with database.unit_of_work() as session:
        desk.take(session, found, agent)
    return found


def said_by_staff(database: Database, agent: int, text: str, key: str = "s1") -> None:
    found = handoff(database).id
    with database.unit_of_work() as session:
        desk.reply(session, found, agent, text, key)


def test_every_notice_has_its_words() -> None:
    assert set(NOTICES) == set(notices.ALL)


def test_a_person_is_asked_for_with_what_was_said_last(
    talk: Talk, user: User, database: Database
) -> None:
    talk.say("我的电话 13812345678，表转得不对")
    update = talk.post("/chat/person")
    assert update.held == "waiting"
    assert "已经去叫人了，对方看得到上面的话，不用重说" in update.html
    assert "下一个就是您，您接着说也行。" in update.under
    assert "不等了" in update.under
    assert handoff(database).summary == (
        "在对话页点了“找人工”。最后说的是：我的电话 [phone]，表转得不对"
    )


def test_while_a_person_is_waited_for_the_assistant_answers_nothing(
    talk: Talk, user: User, rasa: Rasa, database: Database, agent: int
) -> None:
    talk.post("/chat/person")
    update = talk.say("我先说着")
    assert update.texts == ["我先说着"]
    assert "发出了" in update.under
    taken(database, agent)
    assert talk.say("在吗").texts[-1] == "在吗"
    assert [each["held"] for each in rasa.questions] == [True, True]


@pytest.mark.parametrize("behaviour", [silent, drops, body(b"", 500), says()])
def test_beside_a_person_an_assistant_that_is_away_is_not_missed(
    talk: Talk, user: User, rasa: Rasa, behaviour: Behaviour
) -> None:
    talk.post("/chat/person")
    rasa.behaviour = behaviour
    assert talk.say("在吗").texts == ["在吗"]


@pytest.mark.parametrize("state", ["waiting", "taken"])
def test_danger_is_answered_and_goes_first_whoever_is_waited_for(
    talk: Talk, user: User, rasa: Rasa, database: Database, agent: int, state: str
) -> None:
    talk.post("/chat/person")
    if state == "taken":
        taken(database, agent)
    rasa.behaviour = says("别碰，离远一点，马上打 119。", danger=True)
    update = talk.say("电表着火了！我电话 13812345678", key="fire")
    assert talk.say("电表着火了！我电话 13812345678", key="fire").items == []
    assert '<a href="tel:119">119</a>' in update.html
    assert update.texts[-2:] == ["电表着火了！我电话 13812345678", "别碰，离远一点，马上打 119。"]
    found = handoff(database)
    assert (found.state, found.reason) == (state, "emergency")
    assert found.summary == "说有危险：电表着火了！我电话 [phone]"
    with database.unit_of_work() as session:
        warnings = select(Message).where(Message.author == "assistant")
        assert len(session.scalars(warnings).all()) == 1


def test_who_has_told_of_danger_goes_first_when_they_ask_for_a_person(
    talk: Talk, user: User, rasa: Rasa, database: Database, clock: time_machine.Traveller
) -> None:
    rasa.behaviour = says("马上打 119。", danger=True)
    talk.say("电表着火了！")
    rasa.behaviour = says("好的。")
    talk.say("知道了")
    talk.post("/chat/person")
    found = handoff(database)
    assert (found.reason, found.summary) == ("emergency", "说有危险：电表着火了！")
    talk.post("/chat/leave")
    clock.shift(3601)
    talk.post("/chat/person")
    assert handoff(database).reason == "asked"


def test_what_the_person_writes_arrives_once(
    talk: Talk, user: User, database: Database, agent: int
) -> None:
    talk.post("/chat/person")
    taken(database, agent)
    said_by_staff(database, agent, "您好，我是小林。\n<b>请讲</b>")
    update = talk.new()
    assert update is not None
    assert update.held == "person"
    assert "林*满 接手了，看得到上面的对话" in update.items[0]["html"]
    assert '<p class="who">林*满，人工</p>' in update.items[1]["html"]
    assert "&lt;b&gt;请讲&lt;/b&gt;" in update.items[1]["html"]
    with queries() as asked:
        assert talk.new(update.tag) is None
    assert len([each for each in asked if "SELECT" in each]) <= 7


def test_both_sides_know_what_has_arrived(
    talk: Talk, user: User, database: Database, agent: int
) -> None:
    talk.post("/chat/person")
    number = taken(database, agent)
    said_by_staff(database, agent, "您好。")
    update = talk.new()
    assert update is not None

    def marks() -> tuple[bool, bool]:
        with database.unit_of_work() as session:
            (each,) = session.scalars(select(Message).where(Message.author == "staff"))
            return each.delivered_at is not None, each.read_at is not None

    assert marks() == (False, False)
    post(talk.client, "/chat/seen", up_to=str(talk.last))
    assert marks() == (True, False)
    post(talk.client, "/chat/seen", up_to=str(talk.last), read="1")
    assert marks() == (True, True)
    assert "发出了" in talk.say("您好").under
    with database.unit_of_work() as session:
        from service.conversations import Conversation, mark_read

        mark_read(session, session.scalars(select(Conversation)).one(), "staff")
    update = talk.new()
    assert update is not None
    assert "已读" in update.under
    assert handoff(database).id == number


def test_every_page_says_that_a_person_has_answered(
    talk: Talk, user: User, database: Database, agent: int
) -> None:
    talk.post("/chat/person")
    taken(database, agent)
    assert NEWS not in talk.client.get("/bills").text
    said_by_staff(database, agent, "您好。")
    assert NEWS in talk.client.get("/usage").text
    assert NEWS not in talk.client.get("/chat").text
    assert NEWS in talk.client.get("/bills").text
    post(talk.client, "/chat/seen", up_to=str(talk.last + 99), read="1")
    assert NEWS not in talk.client.get("/bills").text


def test_nobody_is_told_that_another_was_answered(
    talk: Talk, user: User, database: Database, agent: int
) -> None:
    talk.post("/chat/person")
    taken(database, agent)
    said_by_staff(database, agent, "您好。")
    post(talk.client, "/sign-out")
    create_user(database, "13900009999")
    sign_in(talk.client, "13900009999")
    assert NEWS not in talk.client.get("/bills").text


def test_giving_up_gives_the_assistant_back(
    talk: Talk, user: User, rasa: Rasa, database: Database
) -> None:
    talk.post("/chat/person")
    update = talk.post("/chat/leave")
    assert (update.held, handoff(database).how) == ("assistant", "given_up")
    assert "不找人工了，灯火接着帮您" in update.html
    assert talk.say("你好").texts == ["你好", "在的。"]


def test_who_has_said_all_ends_the_talk_and_is_asked_what_it_was_like(
    talk: Talk, user: User, database: Database, agent: int
) -> None:
    talk.post("/chat/person")
    taken(database, agent)
    update = talk.post("/chat/leave")
    assert (update.held, handoff(database).how) == ("assistant", "closed")
    assert "聊完了，灯火接着帮您" in update.html
    assert "刚才的人工服务，您觉得怎么样" in update.under


def test_a_talk_that_has_ended_is_rated_once(
    talk: Talk, user: User, database: Database, agent: int
) -> None:
    talk.post("/chat/person")
    number = taken(database, agent)
    with database.unit_of_work() as session:
        desk.hand_back(session, number, agent)
    update = talk.new()
    assert update is not None
    assert "林*满 离开了，灯火接着帮您" in update.html
    assert "刚才的人工服务，您觉得怎么样" in update.under
    assert talk.post("/chat/rate", stars="9").status == 422
    update = talk.post("/chat/rate", stars="5", comment="很耐心")
    assert "记下了，谢谢您。" in update.under
    assert "刚才的人工服务" not in update.under
    found = handoff(database)
    assert (found.satisfaction, found.comment) == (5, "很耐心")
    assert talk.post("/chat/rate", stars="1").refused == "这次服务已经评过了，或者还没有结束。"


def test_at_night_a_call_is_promised(
    talk: Talk, user: User, database: Database, clock: time_machine.Traveller
) -> None:
    clock.move_to(NIGHT)
    update = talk.post("/chat/person")
    assert update.held == "assistant"
    assert "记下了，上班后给您回电" in update.html
    assert "会打 138 **** 2046 给您回电。12 月 12 日 08:00 上班，上班后给您打。" in update.under
    found = handoff(database)
    assert (found.state, found.phone) == ("callback", "13800002046")
    update = talk.post("/chat/leave")
    assert handoff(database).how == "given_up"
    assert "回电" not in update.under


def test_a_stranger_at_night_leaves_a_number(
    client: FlaskClient, talk: Talk, database: Database, clock: time_machine.Traveller
) -> None:
    clock.move_to(NIGHT)
    update = talk.post("/chat/person")
    assert update.status == 422
    assert "留个电话，上班给您回" in update.under
    assert "12 月 12 日 08:00 上班，上班后给您打。" in update.under
    update = talk.post("/chat/person", phone="12345")
    assert "写手机号，或者带区号的座机号" in update.under
    assert 'value="12345"' in update.under
    update = talk.post("/chat/person", phone="13812345678")
    assert "会打 138 **** 5678 给您回电。" in update.under
    assert handoff(database).phone == "13812345678"


def test_the_same_without_a_script(
    client: FlaskClient, user: User, database: Database, agent: int
) -> None:
    assert post(client, "/chat/person").headers["Location"] == "/chat#latest"
    assert "下一个就是您" in page_says(client, "/chat")
    taken(database, agent)
    said_by_staff(database, agent, "您好，我是小林。")
    page = page_says(client, "/chat")
    assert "林*满，人工" in page
    assert "您好，我是小林。" in page
    assert "林*满在和您说。" in page
    post(client, "/chat/leave")
    assert "聊完了，灯火接着帮您" in page_says(client, "/chat")


def test_another_browser_learns_nothing_of_it(
    app: Flask, talk: Talk, user: User, database: Database, agent: int
) -> None:
    talk.post("/chat/person")
    taken(database, agent)
    said_by_staff(database, agent, "您好，王先生。")
    other = Talk(app.test_client())
    assert other.new() is None
    assert "王先生" not in page_says(other.client, "/chat")
    post(other.client, "/chat/leave")
    assert handoff(database).state == "taken"
