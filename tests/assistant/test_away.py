"""The assistant away, its actions away, killed in the middle: the chat goes on, and heals alone."""

from collections.abc import Iterator

import pytest

from tests.assistant.conftest import AHEAD, COLD_STORE, SHOP, Talk
from tests.house import House
from tests.waiting import eventually

pytestmark = pytest.mark.assistant


@pytest.fixture(autouse=True)
def whole_again(house: House) -> Iterator[None]:
    """Whatever a test has taken away is there for the next."""
    yield
    house.start_assistant()


def test_without_rasa_the_portal_answers_and_heals(house: House, talk: Talk) -> None:
    firm = talk(COLD_STORE)
    house.kill("assistant")
    answer = firm.say("欠多少钱")
    assert not answer.from_assistant
    assert "找人工" in answer.whole
    assert "96000" in answer.whole
    house.start_assistant()
    eventually(lambda: firm.say("你好").from_assistant, pause=2)


def test_without_the_actions_somebody_answers_all_the_same(house: House, talk: Talk) -> None:
    firm = talk(COLD_STORE)
    house.kill("actions")
    answer = firm.say("欠多少钱")
    assert answer.texts
    assert "¥" not in answer.whole
    house.start_assistant()
    eventually(lambda: "¥" in firm.say("欠多少钱").whole, pause=2)


def test_a_conversation_outlives_rasa(house: House, talk: Talk) -> None:
    """The question that waited for an answer waits still when Rasa was killed and is back."""
    shop = talk(SHOP)
    assert "哪种方式" in shop.say("缴电费").whole
    house.kill("assistant")
    house.start_assistant()
    answer = shop.say("微信")
    assert "微信支付" in answer.whole, answer


def test_the_same_message_again_acts_once(house: House, talk: Talk) -> None:
    home = talk(AHEAD)
    first = home.say("欠多少钱", key="one-and-the-same")
    again = home.say("欠多少钱", key="one-and-the-same")
    assert first.from_assistant
    assert again.texts == ()
