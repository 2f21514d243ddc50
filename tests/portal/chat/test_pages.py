"""The page: with and without a script, before and after signing in, as far back as wanted."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import func, select, update

from portal.app import create_app
from portal.settings import PortalSettings
from runtime import clock
from runtime.database import Database
from runtime.settings import load
from service.conversations import Conversation, Message, open_for_user, say
from service.models import User
from tests.portal.chat.conftest import Talk
from tests.portal.chat.rasa import Rasa, body, says
from tests.portal.conftest import create_user, form_token, post, sign_in, staff
from tests.portal.places import move_in, queries
from tests.portal.places import says as page_says


def count(database: Database, table: type) -> int:
    with database.unit_of_work() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_page_greets_whoever_comes_and_keeps_nothing_of_it(
    client: FlaskClient, database: Database
) -> None:
    page = page_says(client, "/chat")
    assert "我是灯火，江城供电的自动助手。" in page
    assert "我家停电了" in page
    assert count(database, Conversation) == 0


def test_without_a_script_every_step_is_a_form(client: FlaskClient, user: User, rasa: Rasa) -> None:
    rasa.behaviour = says({"text": "要缴吗？", "buttons": [{"title": "缴", "payload": "/affirm"}]})
    away = post(client, "/chat/say", text="我要缴费", key="")
    assert (away.status_code, away.headers["Location"]) == (303, "/chat#latest")
    page = client.get("/chat").get_data(as_text=True)
    assert 'name="payload" value="/affirm"' in page
    assert page_says(client, "/chat").count("我要缴费") == 1
    post(client, "/chat/say", text="缴", payload="/affirm")
    assert rasa.questions[-1]["text"] == "/affirm"


def test_what_cannot_be_said_stays_in_the_field(client: FlaskClient, user: User) -> None:
    answer = post(client, "/chat/say", text="字" * 1001)
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "一次最多写 1000 个字，请分几条发。" in page
    assert f'value="{"字" * 1001}"' in page


def test_a_form_without_its_token_is_refused(client: FlaskClient, user: User) -> None:
    assert client.post("/chat/say", data={"text": "你好"}).status_code == 400


def test_a_stranger_has_a_conversation_that_this_browser_alone_can_read(
    app: Flask, client: FlaskClient, rasa: Rasa
) -> None:
    answer = post(client, "/chat/say", text="楼道全黑")
    cookie = next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith("talk="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert rasa.questions[0]["signed_in"] is False
    assert "楼道全黑" in page_says(client, "/chat")
    assert "楼道全黑" not in page_says(app.test_client(), "/chat")


def test_only_the_hash_of_the_browsers_key_is_kept(
    client: FlaskClient, database: Database, rasa: Rasa
) -> None:
    post(client, "/chat/say", text="停电了")
    key = client.get_cookie("talk")
    assert key is not None
    from hashlib import sha256

    with database.unit_of_work() as session:
        (found,) = session.scalars(select(Conversation))
    assert found.browser_sha256 == sha256(key.value.encode()).digest()


def test_with_https_the_key_never_travels_in_the_clear(
    database: Database, core: object, rasa: Rasa
) -> None:
    settings = load(
        PortalSettings,
        secret_key=SecretStr("for tests alone"),
        environment="test",
        public_url="https://portal.test",
    )
    client = create_app(settings, database, core).test_client()  # type: ignore[arg-type]
    token = client.get("/chat", base_url="https://portal.test").get_data(as_text=True)
    token = token.split('name="csrf_token" value="')[1].split('"')[0]
    answer = client.post(
        "/chat/say",
        data={"csrf_token": token, "text": "停电了"},
        base_url="https://portal.test",
        headers={"Referer": "https://portal.test/chat"},
    )
    cookies = answer.headers.getlist("Set-Cookie")
    (cookie,) = [each for each in cookies if each.startswith("__Host-talk=")]
    assert "Secure" in cookie


def test_signing_in_takes_the_conversation_along(
    client: FlaskClient, database: Database, rasa: Rasa
) -> None:
    post(client, "/chat/say", text="怎么看账单")
    user = create_user(database)
    sign_in(client)
    answer = client.get("/chat")
    assert "怎么看账单" in answer.get_data(as_text=True)
    assert client.get_cookie("talk") is None
    with database.unit_of_work() as session:
        (found,) = session.scalars(select(Conversation))
        assert (found.user_id, found.browser_sha256) == (user.id, None)
    post(client, "/chat/say", text="再看")
    assert [each["signed_in"] for each in rasa.questions] == [False, True]


def test_it_joins_what_the_person_said_before(
    app: Flask, client: FlaskClient, database: Database, rasa: Rasa
) -> None:
    user = create_user(database)
    with database.unit_of_work() as session:
        say(session, open_for_user(session, user.id), "早先说的", "k")
    post(client, "/chat/say", text="登录前说的")
    sign_in(client)
    page = page_says(client, "/chat")
    assert "早先说的" in page
    assert "登录前说的" in page
    stranger = app.test_client()
    assert "登录前说的" not in page_says(stranger, "/chat")


def test_whoever_signs_in_next_does_not_read_it(
    app: Flask, client: FlaskClient, database: Database, rasa: Rasa
) -> None:
    create_user(database)
    create_user(database, "13800002047")
    post(client, "/chat/say", text="我的话")
    sign_in(client)
    page_says(client, "/chat")
    post(client, "/sign-out")
    assert "我的话" not in page_says(client, "/chat")
    sign_in(client, "13800002047")
    assert "我的话" not in page_says(client, "/chat")


def test_strangers_from_one_network_are_limited(
    app: Flask, rasa: Rasa, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from portal.chat import whose

    monkeypatch.setattr(whose, "STRANGERS", replace(whose.STRANGERS, most=2))
    said = [Talk(app.test_client()).say("你好") for _ in range(3)]
    assert [each.status for each in said] == [200, 200, 422]
    assert said[2].refused.startswith("从您这个网络来的尝试太多了")
    assert len(rasa.questions) == 2


def test_the_utilitys_own_people_have_no_conversation(app: Flask, database: Database) -> None:
    client = staff(app, database, "13900000001", "agent")
    assert client.get("/chat").status_code == 403
    assert post(client, "/chat/say", text="你好").status_code == 403
    assert 'href="/chat"' not in client.get("/desk/conversations").get_data(as_text=True)
    assert count(database, Conversation) == 0


def test_history_goes_back_step_by_step(
    talk: Talk, user: User, database: Database, rasa: Rasa
) -> None:
    with database.unit_of_work() as session:
        mine = open_for_user(session, user.id)
        for number in range(70):
            clockwork = clock.now() - timedelta(hours=100 - number)
            with time_machine.travel(clockwork, tick=False):
                say(session, mine, f"第 {number} 句", f"k{number}")
    page = page_says(talk.client, "/chat")
    assert "第 69 句" in page
    assert "第 40 句" in page
    assert "第 39 句" not in page
    html = talk.client.get("/chat").get_data(as_text=True)
    before = html.split('data-before="')[1].split('"')[0]
    found = talk.client.get(f"/chat/older?before={before}").json
    assert found is not None
    assert len(found["items"]) == 30
    assert "第 39 句" in found["items"][-1]["html"]
    assert found["more"] is True
    found = talk.client.get(f"/chat/older?before={found['items'][0]['id']}").json
    assert found is not None
    assert (len(found["items"]), found["more"]) == (10, False)
    assert "第 39 句" in page_says(talk.client, f"/chat?before={before}")
    assert "回到最新的" in page_says(talk.client, f"/chat?before={before}")


@pytest.mark.parametrize("number", ["x", "-1", "9" * 30, "１"])
def test_a_number_that_is_none_is_no_number(talk: Talk, user: User, number: str) -> None:
    talk.say("你好")
    for path in (
        f"/chat?before={number}",
        f"/chat/older?before={number}",
        f"/chat/new?after={number}",
    ):
        assert talk.client.get(path).status_code == 200


def test_nothing_new_is_said_in_few_words(talk: Talk, user: User, rasa: Rasa) -> None:
    update = talk.say("你好")
    assert talk.new(update.tag) is None
    with queries() as asked:
        talk.new(update.tag)
    assert len([each for each in asked if each.lstrip().startswith("SELECT")]) <= 12


def test_a_message_without_an_answer_can_be_asked_again(
    talk: Talk, client: FlaskClient, user: User, database: Database, rasa: Rasa
) -> None:
    talk.say("你好", key="lost")
    with database.unit_of_work() as session:
        session.execute(
            update(Message)
            .where(Message.author == "customer")
            .values(answered_at=None, created_at=clock.now() - timedelta(minutes=1))
        )
        for each in session.scalars(select(Message).where(Message.author == "assistant")):
            session.delete(each)
    page = client.get("/chat").get_data(as_text=True)
    assert "上一句还没有回答。" in page
    assert 'name="key" value="lost"' in page
    post(client, "/chat/say", text="你好", key="lost")
    page = client.get("/chat").get_data(as_text=True)
    assert "上一句还没有回答。" not in page
    assert page_says(client, "/chat").count("你好") == 1
    assert count(database, Message) == 2


def test_the_day_and_the_hour_are_said_where_they_change(
    december: None, talk: Talk, user: User, database: Database
) -> None:
    with database.unit_of_work() as session:
        mine = open_for_user(session, user.id)
        for number, at in enumerate(
            (
                "2026-12-10T01:00:00Z",
                "2026-12-10T01:10:00Z",
                "2026-12-10T12:00:00Z",
                "2026-12-11T01:00:00Z",
            )
        ):
            with time_machine.travel(at, tick=False):
                say(session, mine, f"第 {number} 句", f"k{number}")
    page = talk.client.get("/chat").get_data(as_text=True)
    stamps = [part.split("<")[0] for part in page.split('class="stamp">')[1:]]
    assert stamps == ["12 月 10 日 09:00", "12 月 10 日 20:00", "今天 09:00"]


def test_every_page_of_a_customer_leads_to_the_chat(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        move_in(session, user)
    for path in ("/", "/bills", "/usage", "/pay", "/profile", "/nowhere"):
        page = client.get(path).get_data(as_text=True)
        assert 'data-panel="/chat/panel"' in page, path
    stranger = client.application.test_client()
    assert 'data-panel="/chat/panel"' in stranger.get("/sign-in").get_data(as_text=True)
    assert "data-panel" not in client.get("/chat").get_data(as_text=True)


def test_the_panel_is_the_same_conversation(talk: Talk, user: User, rasa: Rasa) -> None:
    talk.say("你好")
    panel = talk.client.get("/chat/panel").get_data(as_text=True)
    assert "<html" not in panel
    assert "在的。" in panel
    assert 'role="log"' in panel


def test_the_page_brings_no_script_of_its_own(talk: Talk, user: User, rasa: Rasa) -> None:
    rasa.behaviour = body(b"", 500)
    talk.say("你好")
    page = talk.client.get("/chat").get_data(as_text=True)
    import re

    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert re.findall(r"\son\w+=", page) == []


def test_english_is_complete(talk: Talk, user: User, rasa: Rasa, client: FlaskClient) -> None:
    rasa.behaviour = body(b"", 500)
    client.get("/chat?lang=en")
    update = talk.say("hello")
    assert (
        update.texts[1]
        .partition(".")[0]
        .endswith("Denghuo can't answer just now; it will be back shortly")
    )
    assert form_token(client, "/chat")
