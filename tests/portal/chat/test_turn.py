"""A message is stored, answered once, and answered in time whatever the assistant does."""

import json
import threading

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from portal.chat.assistant import Assistant, Question, Silent
from runtime.database import Database
from service.conversations import Message
from service.models import User
from service.people.users import set_display
from tests.portal.chat.conftest import Talk
from tests.portal.chat.rasa import TOKEN, Rasa, body, drops, says, silent
from tests.portal.conftest import post, sign_in

OWN_WORDS = "灯火这会儿答不上来，一会儿就好。"


def stored(database: Database) -> list[tuple[str, str]]:
    with database.unit_of_work() as session:
        return [
            (each.author, each.text)
            for each in session.scalars(select(Message).order_by(Message.id))
        ]


def test_a_message_is_answered(talk: Talk, user: User, rasa: Rasa, database: Database) -> None:
    rasa.behaviour = says("11 月是 ¥149.51。", "比 10 月多。\n主要是天冷。")
    update = talk.say("这个月电费多少")
    assert update.status == 200
    assert update.texts == ["这个月电费多少", "11 月是 ¥149.51。", "比 10 月多。 主要是天冷。"]
    assert stored(database) == [
        ("customer", "这个月电费多少"),
        ("assistant", "11 月是 ¥149.51。"),
        ("assistant", "比 10 月多。\n主要是天冷。"),
    ]


def test_the_assistant_learns_what_was_agreed_and_no_more(
    december: None, talk: Talk, user: User, rasa: Rasa
) -> None:
    update = talk.say("你好")
    (asked,) = rasa.questions
    assert asked.pop("conversation")
    assert asked == {
        "message": str(update.items[0]["id"]),
        "text": "你好",
        "language": "zh",
        "signed_in": True,
        "today": "2026-12-11",
        "channel": "web",
        "elder": False,
        "payload": False,
        "held": False,
    }
    assert rasa.headers[0]["Authorization"] == f"Bearer {TOKEN}"
    assert rasa.paths == ["/webhooks/portal/webhook"]


def test_language_and_large_letters_are_told(talk: Talk, client: FlaskClient, rasa: Rasa) -> None:
    post(client, "/display", view="elder", language="en")
    talk.say("hello")
    assert (rasa.questions[0]["language"], rasa.questions[0]["elder"]) == ("en", True)
    assert rasa.questions[0]["signed_in"] is False


def test_letters_that_the_assistant_has_changed_win_over_the_browser_s_own(
    talk: Talk, client: FlaskClient, user: User, rasa: Rasa, database: Database
) -> None:
    post(client, "/display", view="plain")
    with database.unit_of_work() as session:
        set_display(session, user.id, elder_mode=True)
    large = 'data-mode="elder"'
    talk.say("你好")
    assert large not in client.get("/chat").text
    rasa.behaviour = says({"text": "大字打开了。", "card": {"kind": "link", "to": "elder"}})
    talk.say("开大字")
    assert large in client.get("/chat").text


@pytest.mark.parametrize(
    "behaviour",
    [
        silent,
        drops,
        body(b"", 500),
        body(b"", 503),
        body(b"not json"),
        body(b"[]"),
        body(b"{}"),
        body(b'{"messages": []}'),
        body(b'{"messages": [{"text": ""}]}'),
        body(b'{"messages": [{"text": 5}]}'),
        body(json.dumps({"messages": [{"text": "x" * 4001}]}).encode()),
        body(json.dumps({"messages": [{"text": "x"}] * 11}).encode()),
        body(b'{"messages": [{"text": "x", "buttons": [{"title": "t"}]}]}'),
        body(b'{"messages": [{"text": "x", "buttons": [{"title": "", "payload": "/a"}]}]}'),
        body(b'{"messages": "' + b"x" * 300_000 + b'"}'),
    ],
)
def test_without_an_answer_the_portal_answers(
    talk: Talk, user: User, rasa: Rasa, database: Database, behaviour: object
) -> None:
    rasa.behaviour = behaviour  # type: ignore[assignment]
    update = talk.say("你好")
    assert update.status == 200
    assert [each["author"] for each in update.items] == ["customer", "assistant"]
    assert update.texts[1].startswith(OWN_WORDS)
    assert 'href="/bills"' in update.html
    assert 'action="/chat/person"' in update.html
    with database.unit_of_work() as session:
        said, answer = session.scalars(select(Message).order_by(Message.id))
    assert said.answered_at is not None
    assert (answer.answers_id, answer.parts) == (said.id, {"card": {"kind": "menu"}})


def test_nobody_there_at_all(app: Flask, talk: Talk, user: User, rasa: Rasa) -> None:
    rasa.server_close()
    rasa.shutdown()
    assert talk.say("你好").texts[1].startswith(OWN_WORDS)


def test_it_recovers_alone(talk: Talk, user: User, rasa: Rasa) -> None:
    rasa.behaviour = body(b"", 500)
    assert talk.say("一").texts[1].startswith(OWN_WORDS)
    rasa.behaviour = says("在的。")
    assert talk.say("二").texts == ["二", "在的。"]


def test_the_same_key_is_said_and_answered_once(
    talk: Talk, user: User, rasa: Rasa, database: Database
) -> None:
    first = talk.say("你好", key="once")
    talk.last = 0
    again = talk.say("你好", key="once")
    assert [each["id"] for each in again.items] == [each["id"] for each in first.items]
    assert len(rasa.questions) == 1
    assert len(stored(database)) == 2


def test_a_message_that_lost_its_answer_is_asked_again_under_its_own_number(
    talk: Talk, user: User, rasa: Rasa, database: Database
) -> None:
    first = talk.say("你好", key="once")
    with database.unit_of_work() as session:  # the process died before it could store the answer
        session.execute(delete(Message).where(Message.author == "assistant"))
        session.execute(update(Message).values(answered_at=None))
    talk.last = 0
    again = talk.say("你好", key="once")
    assert again.texts == ["你好", "在的。"]
    assert [each["message"] for each in rasa.questions] == [str(first.items[0]["id"])] * 2


def test_two_tries_at_once_are_answered_once(
    app: Flask, client: FlaskClient, user: User, rasa: Rasa, database: Database
) -> None:
    both = threading.Barrier(2, timeout=5)

    def meet(turn) -> None:  # type: ignore[no-untyped-def]
        both.wait()
        says("在的。")(turn)

    rasa.behaviour = meet
    other = app.test_client()
    sign_in(other)
    talks = [Talk(client), Talk(other)]
    threads = [threading.Thread(target=each.say, args=["你好"]) for each in talks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stored(database) == [("customer", "你好"), ("assistant", "在的。")]
    assert len({each["message"] for each in rasa.questions}) == 1


def test_no_connection_is_held_while_the_assistant_is_asked(
    talk: Talk, user: User, rasa: Rasa, database: Database
) -> None:
    seen: list[int] = []

    def look(turn) -> None:  # type: ignore[no-untyped-def]
        seen.append(database.engine.pool.checkedout())  # type: ignore[attr-defined]
        says("在的。")(turn)

    rasa.behaviour = look
    talk.say("你好")
    assert seen == [0]


def test_after_three_failures_nobody_waits_until_one_has_tried(
    settings,
    rasa: Rasa,  # type: ignore[no-untyped-def]
) -> None:
    from portal.chat.breaker import Breaker

    now = [0.0]
    assistant = Assistant(settings, Breaker(now=lambda: now[0]))
    question = Question("c", "1", "x", "zh", False, "2026-12-11", "web", False, False)

    def reason() -> str:
        with pytest.raises(Silent) as silence:
            assistant.ask(question)
        return silence.value.reason

    try:
        rasa.behaviour = body(b"", 500)
        assert [reason() for _ in range(5)] == ["status", "status", "status", "open", "open"]
        now[0] = 4.9
        assert reason() == "open"
        now[0] = 5.0
        assert [reason(), reason()] == ["status", "open"]  # one probe, and it failed
        now[0] = 10.0
        rasa.behaviour = says("在的。")
        assert [reply.text for reply in assistant.ask(question).replies] == ["在的。"]
        assert [reply.text for reply in assistant.ask(question).replies] == ["在的。"]
        assert len(rasa.questions) == 6
    finally:
        assistant.close()


def test_a_bad_answer_does_not_keep_others_from_asking(talk: Talk, user: User, rasa: Rasa) -> None:
    rasa.behaviour = body(b"{}")
    for count in range(4):
        talk.say(f"第 {count} 句")
    assert len(rasa.questions) == 4


def test_an_answer_in_drops_ends_when_the_time_is_over(settings, rasa: Rasa) -> None:  # type: ignore[no-untyped-def]
    rasa.behaviour = drops
    assistant = Assistant(settings)
    try:
        with pytest.raises(Silent, match="slow"):
            assistant.ask(Question("c", "1", "x", "zh", False, "2026-12-11", "web", False, False))
    finally:
        assistant.close()


def test_without_a_token_nobody_is_asked(settings, rasa: Rasa) -> None:  # type: ignore[no-untyped-def]
    bare = settings.model_copy(update={"assistant_token": type(settings.assistant_token)("")})
    assistant = Assistant(bare)
    with pytest.raises(Silent, match="no_token"):
        assistant.ask(Question("c", "1", "x", "zh", False, "2026-12-11", "web", False, False))
    assert rasa.questions == []


def test_what_the_assistant_says_is_text(talk: Talk, user: User, rasa: Rasa) -> None:
    rasa.behaviour = says({"text": "<script>alert(1)</script>\x07", "card": {"kind": "trojan"}})
    update = talk.say("<b>你好</b>")
    assert "&lt;b&gt;你好&lt;/b&gt;" in update.items[0]["html"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;</p>" in update.items[1]["html"]
    assert "<script" not in update.html


def test_a_payload_counts_only_where_it_was_offered(talk: Talk, user: User, rasa: Rasa) -> None:
    button = {"title": "缴电费", "payload": '/pay_bill{"period": "2026-11"}'}
    rasa.behaviour = says({"text": "要缴吗？", "buttons": [button]})
    update = talk.say("/pay_bill", payload="/pay_bill")
    assert (rasa.questions[-1]["text"], rasa.questions[-1]["payload"]) == ("/pay_bill", False)
    assert "缴电费" in update.under
    talk.say("缴电费", payload=button["payload"])
    assert (rasa.questions[-1]["text"], rasa.questions[-1]["payload"]) == (button["payload"], True)
    rasa.behaviour = says("好的。")
    talk.say("别的")
    update = talk.say("缴电费", payload=button["payload"])
    assert (rasa.questions[-1]["text"], rasa.questions[-1]["payload"]) == ("缴电费", False)
    assert "缴电费" not in update.under


def test_a_tapped_button_shows_its_title(talk: Talk, user: User, rasa: Rasa) -> None:
    rasa.behaviour = says({"text": "要缴吗？", "buttons": [{"title": "缴", "payload": "/affirm"}]})
    talk.say("你好")
    update = talk.say("缴", payload="/affirm")
    assert update.texts[0] == "缴"
    assert "/affirm" not in update.items[0]["html"]


@pytest.mark.parametrize(
    ("said", "why"),
    [("  ", "还没有写内容。"), ("字" * 1001, "一次最多写 1000 个字，请分几条发。")],
)
def test_a_refused_message_is_not_stored(
    talk: Talk, user: User, rasa: Rasa, database: Database, said: str, why: str
) -> None:
    update = talk.say(said)
    assert (update.status, update.refused, update.items) == (422, why, [])
    assert why in update.under
    assert (stored(database), rasa.questions) == ([], [])


def test_never_do_all_threads_wait_for_the_assistant(
    settings,  # type: ignore[no-untyped-def]
    rasa: Rasa,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It asks the portal for what it is to say: threads that wait for it cannot answer it."""
    monkeypatch.setattr("portal.chat.assistant.TURN_SECONDS", 0.01)
    few = settings.model_copy(update={"portal_threads": 5, "assistant_seconds": 10})
    assistant = Assistant(few)
    question = Question("c", "1", "x", "zh", False, "2026-12-11", "web", False, False)
    asked, go_on = threading.Event(), threading.Event()

    def hold(turn) -> None:  # type: ignore[no-untyped-def]
        asked.set()
        go_on.wait(10)
        says("在的。")(turn)

    rasa.behaviour = hold
    first: list[str] = []
    waiting = threading.Thread(
        target=lambda: first.extend(reply.text for reply in assistant.ask(question).replies)
    )
    waiting.start()
    try:
        assert asked.wait(10)
        with pytest.raises(Silent, match="busy"):
            assistant.ask(question)
        go_on.set()
        waiting.join()
        assert first == ["在的。"]
        rasa.behaviour = says("又在了。")
        assert [reply.text for reply in assistant.ask(question).replies] == ["又在了。"]
    finally:
        go_on.set()
        waiting.join()
        assistant.close()
