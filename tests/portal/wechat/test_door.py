"""What people write in WeChat is answered there, once, and only WeChat can bring it."""

import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import func, select

from portal.app import create_app
from portal.settings import PortalSettings
from portal.wechat.letters import cut
from runtime.database import Database
from runtime.settings import load
from sandbox.wechat_letters import AccountPapers, seal, sign, text_xml
from service.conversations import Conversation, Message
from tests.portal.chat.rasa import Rasa, body, says
from tests.portal.conftest import CoreThatKnows
from tests.portal.wechat.conftest import OPENID, Phone, PhoneOf

PROGRESS = {"title": "看进度", "payload": "/request_status"}
NOTHING_MORE = {"title": "没有了", "payload": "/deny"}


def said(database: Database) -> list[tuple[str, str]]:
    with database.unit_of_work() as session:
        rows = session.scalars(select(Message).order_by(Message.id))
        return [(each.author, each.text) for each in rows]


def test_a_text_is_a_turn_of_the_conversation(phone: Phone, rasa: Rasa, database: Database) -> None:
    rasa.behaviour = says("在的。", "您说。")
    assert phone.say("你好") == "在的。\n\n您说。"
    assert said(database) == [
        ("customer", "你好"),
        ("assistant", "在的。"),
        ("assistant", "您说。"),
    ]
    asked = rasa.questions[0]
    assert (asked["text"], asked["channel"], asked["signed_in"]) == ("你好", "wechat", False)


def test_a_message_that_is_brought_again_is_answered_as_before(
    phone: Phone, rasa: Rasa, database: Database
) -> None:
    assert phone.say("停电了", "9001") == phone.say("停电了", "9001") == "在的。"
    assert len(rasa.questions) == 1
    assert len(said(database)) == 2


def test_two_people_have_two_conversations(
    phone: Phone, phone_of: PhoneOf, database: Database
) -> None:
    phone.say("一")
    phone_of("oSandbox-second-of-the-peopl").say("二")
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Conversation)) == 2


def test_buttons_are_numbers_to_type(phone: Phone, rasa: Rasa) -> None:
    rasa.behaviour = says({"text": "还要什么？", "buttons": [PROGRESS, NOTHING_MORE]})
    assert phone.say("报修") == "还要什么？\n\n回复数字就行：\n1. 看进度\n2. 没有了"
    rasa.behaviour = says("好的。")
    phone.say("1")
    asked = rasa.questions[-1]
    assert (asked["text"], asked["payload"]) == ("/request_status", True)
    phone.say("1")
    assert (rasa.questions[-1]["text"], rasa.questions[-1]["payload"]) == ("1", False)


def test_cards_lead_to_the_page(phone: Phone, rasa: Rasa) -> None:
    rasa.behaviour = says({"text": "办这些：", "card": {"kind": "menu"}})
    assert phone.say("帮助") == "办这些：\n\n点这里看：http://localhost:8000/chat"
    rasa.behaviour = says({"text": "这些地方停电：", "card": {"kind": "outages"}})
    assert phone.say("停电") == "这些地方停电：\n\n点这里看：http://localhost:8000/outages"
    rasa.behaviour = says({"text": "要先登录。", "card": {"kind": "link", "to": "sign_in"}})
    assert phone.say("电费") == "要先登录。\n\n点这里登录：http://localhost:8000/wechat/enter"


def test_without_the_assistant_the_menu_answers(phone: Phone, rasa: Rasa) -> None:
    rasa.behaviour = body(b"no", 500)
    assert phone.say("你好").startswith("灯火这会儿答不上来")


def test_who_follows_is_welcomed(phone: Phone, database: Database) -> None:
    answer = phone.bring({"MsgType": "event", "Event": "subscribe"})
    assert answer.endswith("http://localhost:8000/wechat/enter")
    assert phone.bring({"MsgType": "event", "Event": "unsubscribe"}) == ""
    scanned = {"MsgType": "event", "Event": "subscribe", "EventKey": "qrscene_1"}
    assert phone.bring(scanned) == answer
    assert said(database) == []


@pytest.mark.parametrize("event", ["VIEW", "CLICK", "LOCATION", "SCAN", "not_yet_invented"])
def test_what_happens_around_the_talk_is_no_question(phone: Phone, event: str) -> None:
    assert phone.bring({"MsgType": "event", "Event": event, "EventKey": "k"}) == ""


def test_a_picture_is_told_apart_from_silence(phone: Phone) -> None:
    picture = {"MsgType": "image", "MediaId": "m", "PicUrl": "u", "MsgId": "7"}
    assert phone.bring(picture).startswith("这个我还看不懂")


def test_speech_counts_as_what_wechat_understood(phone: Phone, rasa: Rasa) -> None:
    voice = {"MsgType": "voice", "MediaId": "m", "Format": "amr", "MsgId": "1"}
    phone.bring({**voice, "Recognition": "这个月电费多少"})
    assert rasa.questions[0]["text"] == "这个月电费多少"
    assert phone.bring({**voice, "MsgId": "2"}).startswith("这个我还看不懂")


def test_too_long_is_a_sentence(phone: Phone) -> None:
    assert "1000" in phone.say("长" * 1001)


def test_words_that_would_break_the_answer_arrive(phone: Phone, rasa: Rasa) -> None:
    rasa.behaviour = says("a ]]> <b> & c")
    assert phone.say("你好") == "a ]]> <b> & c"


def test_an_answer_is_cut_to_what_wechat_shows() -> None:
    assert cut("好") == "好"
    assert cut("好" * 700) == "好" * 666 + "…"


def test_wechat_finds_its_address(client: FlaskClient, papers: AccountPapers) -> None:
    stamp = str(int(time.time()))
    known = {"timestamp": stamp, "nonce": "n", "echostr": "4711"}
    right = {**known, "signature": sign(papers.token, stamp, "n")}
    assert client.get("/wechat/messages", query_string=right).get_data(as_text=True) == "4711"
    wrong = {**known, "signature": "0" * 40}
    assert client.get("/wechat/messages", query_string=wrong).status_code == 403


def test_nobody_else_brings_anything(
    client: FlaskClient, papers: AccountPapers, database: Database, rasa: Rasa
) -> None:
    sealed = seal(papers, text_xml("gh", OPENID, {"MsgType": "text", "Content": "x", "MsgId": "1"}))
    other = AccountPapers(papers.appid, papers.secret, "another token", papers.aes_key)
    forged = seal(other, text_xml("gh", OPENID, {"MsgType": "text", "Content": "x", "MsgId": "1"}))
    old = {**sealed.query, "timestamp": str(int(time.time()) - 301)}
    for query, content in [
        (forged.query, forged.body),
        ({**sealed.query, "msg_signature": ""}, sealed.body),
        (old, sealed.body),
        ({}, sealed.body),
        (sealed.query, "<xml><Encrypt>AAAA</Encrypt></xml>"),
        (sealed.query, "<xml>"),
        (sealed.query, ""),
        (sealed.query, "<!DOCTYPE x [<!ENTITY e 'boom'>]><xml><Encrypt>&e;</Encrypt></xml>"),
    ]:
        answer = client.post("/wechat/messages", query_string=query, data=content.encode())
        assert answer.status_code == 400
    assert said(database) == []
    assert rasa.questions == []


@pytest.mark.parametrize(
    "xml", ["<xml/>", "<xml><MsgType>text</MsgType></xml>", "no xml", "<xml><a>1</a></xml>"]
)
def test_a_sealed_message_without_sense_is_refused(
    client: FlaskClient, papers: AccountPapers, xml: str
) -> None:
    sealed = seal(papers, xml)
    answer = client.post("/wechat/messages", query_string=sealed.query, data=sealed.body.encode())
    assert answer.status_code == 400


def test_without_papers_there_is_no_account(
    settings_env: pytest.MonkeyPatch, database: Database, core: CoreThatKnows
) -> None:
    settings = load(PortalSettings, secret_key=SecretStr("x"), environment="test")
    app: Flask = create_app(settings, database, core)
    for path in ("/wechat/messages", "/wechat/enter"):
        assert app.test_client().get(path).status_code == 404
