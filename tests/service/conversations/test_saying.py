"""What is said is stored once, in its order, and answered once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select, text

from runtime.database import Database
from runtime.errors import Refused, TooManyTries
from service.conversations import (
    Conversation,
    Message,
    Reply,
    answer,
    answers,
    ask_for_person,
    give_up,
    history,
    offered,
    say,
    since,
    unanswered,
)
from service.conversations.saying import MOST_A_MINUTE
from tests.service.conversations.conftest import TEN_O_CLOCK

BILL = {"kind": "bill", "bill_no": "B202611001"}
BUTTONS = [{"title": "缴费", "payload": '/pay_bill{"account_no":"420011875603"}'}]


def test_the_same_key_is_the_same_message(database: Database, talk: Conversation) -> None:
    def said(_: int) -> int:
        with database.unit_of_work() as session:
            return say(session, talk, "上个月电费多少", "one key").id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(said, range(8)))) == 1
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 1


def test_a_retry_is_not_read_again(database: Database, talk: Conversation) -> None:
    with database.unit_of_work() as session:
        first = say(session, talk, "第一次", "key", "web", payload="/greet", language="en")
        again = say(session, talk, "", "key", "wechat")
        assert (again.id, again.text, again.parts) == (first.id, "第一次", {"payload": "/greet"})
        stored = session.get_one(Conversation, talk.id)
        assert (stored.channel, stored.language) == ("web", "en")
        assert stored.last_at == TEN_O_CLOCK


@pytest.mark.parametrize("typed", ["", "  \n ", "\u200b\ufeff", "\x00\x07"])
def test_nothing_is_not_said(database: Database, talk: Conversation, typed: str) -> None:
    with database.unit_of_work() as session:
        with pytest.raises(Refused, match=r"message\.empty"):
            say(session, talk, typed, "key")
        assert history(session, talk) == []


def test_text_is_cleaned_and_bounded(database: Database, talk: Conversation) -> None:
    with database.unit_of_work() as session:
        said = say(session, talk, " 一\r\n二\u202e三👨‍👩‍👧\x00 ", "key")
        assert said.text == "一\n二三👨‍👩‍👧"
        assert say(session, talk, "电" * 1000, "long").text == "电" * 1000
        with pytest.raises(Refused, match=r"message\.too_long") as refused:
            say(session, talk, "电" * 1001, "longer")
        assert refused.value.params == {"most": 1000}
        for key in ("", "k" * 65):
            with pytest.raises(Refused, match=r"message\.key_malformed"):
                say(session, talk, "说", key)


def test_what_is_said_is_sealed(database: Database, talk: Conversation) -> None:
    with database.unit_of_work() as session:
        say(session, talk, "my meter is on fire", "key")
    with database.unit_of_work() as session:
        stored = session.scalar(text("SELECT text FROM conversation_message"))
        assert b"meter" not in bytes(stored or b"")


def test_too_many_messages_wait_a_minute(
    database: Database, talk: Conversation, clock: time_machine.Traveller
) -> None:
    with database.unit_of_work() as session:
        for number in range(MOST_A_MINUTE):
            say(session, talk, "催", f"k{number}")
        with pytest.raises(TooManyTries, match=r"message\.too_many") as refused:
            say(session, talk, "催", "one more")
        assert refused.value.retry_at == TEN_O_CLOCK + timedelta(minutes=1)
        assert say(session, talk, "催", "k0").client_key == "k0", "a retry is no new message"
        clock.move_to(TEN_O_CLOCK + timedelta(minutes=1))
        assert say(session, talk, "催", "one more").text == "催"


def test_messages_at_once_are_counted_one_by_one(database: Database, talk: Conversation) -> None:
    def said(number: int) -> bool:
        with database.unit_of_work() as session:
            try:
                say(session, talk, "催", f"k{number}")
            except TooManyTries:
                return False
            return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(said, range(MOST_A_MINUTE + 6))) == MOST_A_MINUTE


def test_answers_stand_once_in_their_order(database: Database, talk: Conversation) -> None:
    with database.unit_of_work() as session:
        message = say(session, talk, "上个月电费多少", "key")
        assert [each.id for each in unanswered(history(session, talk))] == [message.id]

    def answered(number: int) -> list[tuple[int, str]]:
        replies = [Reply(f"第 {number} 次", card=BILL), Reply("还要别的吗", BUTTONS)]
        with database.unit_of_work() as session:
            mine = session.get_one(Message, message.id)
            return [(each.position, each.text) for each in answer(session, mine, replies)]

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(answered, range(6)))
    assert all(each == results[0] for each in results)
    with database.unit_of_work() as session:
        assert unanswered(history(session, talk)) == []
        question, bill, more = history(session, talk)
        assert (question.author, question.answered_at) == ("customer", TEN_O_CLOCK)
        assert (bill.author, bill.card, bill.buttons) == ("assistant", BILL, ())
        assert (more.buttons, more.card) == ((BUTTONS[0],), None)
        assert [bill.answers_id, more.answers_id] == [message.id, message.id]


def test_an_empty_answer_is_an_answer(database: Database, talk: Conversation) -> None:
    with database.unit_of_work() as session:
        message = say(session, talk, "你好", "key")
        assert answer(session, message, []) == []
        assert answer(session, message, [Reply("迟到的")]) == []
        assert answers(session, message) == []


def test_buttons_are_offered_by_the_newest_turn_alone(
    database: Database, talk: Conversation
) -> None:
    with database.unit_of_work() as session:
        assert offered(session, talk) == {}
        first = say(session, talk, "一", "k1")
        answer(session, first, [Reply("要缴吗", BUTTONS), Reply("看看吧")])
        assert offered(session, talk) == {BUTTONS[0]["payload"]: "缴费"}
        second = say(session, talk, "二", "k2")
        assert offered(session, talk) == {}
        answer(session, second, [Reply("好的")])
        assert offered(session, talk) == {}


def test_a_person_s_customer_owes_the_assistant_nothing(
    database: Database, talk: Conversation
) -> None:
    with database.unit_of_work() as session:
        ask_for_person(session, talk, "wished", "要找人")
        say(session, talk, "在吗", "k1")
        assert unanswered(history(session, talk)) == []
        give_up(session, talk)
        later = say(session, talk, "算了，查账单", "k2")
        assert [each.id for each in unanswered(history(session, talk))] == [later.id]


def test_history_is_read_in_pages_and_from_a_place(database: Database, talk: Conversation) -> None:
    with database.unit_of_work() as session:
        ids = [say(session, talk, f"{number}", f"k{number}").id for number in range(7)]
        assert [each.text for each in history(session, talk, limit=3)] == ["4", "5", "6"]
        assert [each.text for each in history(session, talk, ids[4], 3)] == ["1", "2", "3"]
        assert [each.text for each in since(session, talk, ids[4])] == ["5", "6"]
        assert since(session, talk, ids[-1]) == []
