"""What a customer is told, asked for and changed in words; the sum of a low balance."""

from typing import Any

import pytest
from conftest import message
from stand_in import example
from utility import Utility

from actions.notices import wish_of

CARD = [{"kind": "notices"}]


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("别再给我发账单短信", {"topics": ["bill"], "channels": ["sms"], "on": False}),
        ("账单和停电都别发短信", {"topics": ["bill", "outage"], "channels": ["sms"], "on": False}),
        ("怎么关掉停电提醒", {"topics": ["outage"], "on": False}),
        ("到期前提醒我", {"topics": ["reminder"], "on": True}),
        ("以后停电提前告诉我一声", {"topics": ["outage"], "on": True}),
        ("短信邮件都要提醒", {"channels": ["sms", "mail"], "on": True}),
        ("推广的东西一律不收", {"topics": ["news"], "on": False}),
        ("改成微信提醒我", {"first": "wechat"}),
        ("先发微信，微信收不到再发短信", {"first": "wechat"}),
        ("提醒改成微信发，不要短信", {"first": "wechat", "channels": ["sms"], "on": False}),
        (
            "停电消息只发微信，短信不要",
            {"topics": ["outage"], "first": "wechat", "channels": ["sms"], "on": False},
        ),
        (
            "看不见短信，改成语音电话",
            {"first": "voice", "channels": ["sms"], "on": False},
        ),
        ("不要提醒了", {"on": False}),
        ("I don't want SMS any more", {"channels": ["sms"], "on": False}),
        ("turn off outage alerts", {"topics": ["outage"], "on": False}),
        ("tell me before my bill is due", {"topics": ["reminder"], "on": True}),
        (
            "email me my bills instead of texting",
            {"topics": ["bill"], "first": "mail", "channels": ["sms"], "on": False},
        ),
        ("晚上别发", {"hour": True}),
        ("don't message me at night", {"hour": True}),
        ("晚上七点以后就别给我发了", {"quiet_from": "19:00"}),
        ("晚上八点半以后别吵", {"quiet_from": "20:30"}),
        ("免打扰从晚上六点开始", {"quiet_from": "18:00"}),
        ("晚上十二点以后不要发", {"quiet_from": "00:00"}),
        ("早上九点以前别发短信", {"quiet_until": "09:00"}),
        ("no messages after 7 pm please", {"quiet_from": "19:00"}),
        ("晚上停电也要告诉我", {"topics": ["outage"], "on": True}),
        ("我现在开了哪些提醒，想改一下", {}),
        ("what reminders do I get", {}),
        ("提醒设置", {}),
    ],
)
def test_what_is_wished(text: str, wish: dict[str, Any]) -> None:
    assert wish_of(text) == wish


def test_what_is_set_is_shown_on_a_card(talk: Any, utility: Utility) -> None:
    assert talk.say("/manage_reminders", payload=True).startswith("现在给您这样设的。")
    assert talk.cards == CARD
    assert utility.posted("notices/offer") == []


def test_a_change_is_said_and_done_after_a_yes(talk: Any, utility: Utility) -> None:
    wish = {"topics": ["bill"], "channels": ["sms"], "on": False}
    said = talk.say("别再给我发账单短信了")
    assert said == f"{example('notices/offer')['sentence']}这样改，好吗？"
    assert (utility.posted("notices/offer"), utility.posted("notices")) == ([wish], [])
    assert talk.tap("改") == example("notices")["sentence"]
    assert utility.posted("notices") == [wish]
    assert talk.cards == CARD


@pytest.mark.parametrize("answer", ["好的", "可以", "行"])
def test_a_yes_in_words(talk: Any, utility: Utility, answer: str) -> None:
    talk.say("别再给我发催费短信了")
    talk.say(answer)
    assert len(utility.posted("notices")) == 1


@pytest.mark.parametrize("answer", ["不改了", "算了", "不要"])
def test_nothing_changes_without_a_yes(talk: Any, utility: Utility, answer: str) -> None:
    talk.say("别再给我发催费短信了")
    talk.say(answer)
    talk.say("确认")
    assert utility.posted("notices") == []


def test_what_is_so_already_is_said_with_the_card(talk: Any, utility: Utility) -> None:
    known = utility.portal.answers("notices/offer", "already")
    assert talk.say("以后停电提前告诉我一声") == known["sentence"]
    assert talk.cards == CARD
    assert talk.buttons == []


@pytest.mark.parametrize("name", ["news", "not_reached"])
def test_what_the_page_alone_can_do_is_led_to(talk: Any, utility: Utility, name: str) -> None:
    refused = utility.portal.answers("notices/offer", name, 400)
    assert talk.say("以后停电提前告诉我一声") == refused["sentence"]
    assert talk.cards == CARD


@pytest.mark.parametrize("answer", ["八点", "8 点吧", "20:00"])
def test_the_hour_is_asked_for(talk: Any, utility: Utility, answer: str) -> None:
    assert "您想几点以后就不要发？" in talk.say("半夜给我发短信，烦死了，取消！")
    assert talk.titles == ["晚上 6 点", "晚上 7 点", "晚上 8 点", "不改了"]
    talk.say(answer)
    assert utility.posted("notices/offer") == [{"quiet_from": "20:00"}]
    talk.tap("改")
    assert utility.posted("notices") == [{"quiet_from": "20:00"}]


def test_an_hour_by_its_button(talk: Any, utility: Utility) -> None:
    talk.say("半夜给我发短信，烦死了，取消！")
    talk.tap("晚上 7 点")
    assert utility.posted("notices/offer") == [{"quiet_from": "19:00"}]


def test_another_wish_takes_the_place_of_the_first(talk: Any, utility: Utility) -> None:
    talk.say("别再给我发催费短信了")
    talk.say("提醒改成微信发，不要短信")
    assert len(utility.posted("notices/offer")) == 2
    talk.say("好的")
    assert utility.posted("notices") == [{"first": "wechat", "channels": ["sms"], "on": False}]


def test_whoever_is_not_signed_in_is_told_to(talk: Any, utility: Utility) -> None:
    talk.signed_in = utility.signed_in = False
    talk.say("别再给我发催费短信了")
    assert talk.cards == [{"kind": "link", "to": "sign_in"}]
    assert utility.posted("notices/offer") == []


def test_a_sum_said_at_once_is_set_at_once(talk: Any, utility: Utility) -> None:
    talk.say("余额低于五十块就提醒我")
    assert utility.posted("reminders") == [
        {"kind": "low_balance", "on": True, "threshold_fen": 5000}
    ]
    assert talk.cards == [{"kind": "link", "to": "reminders"}]


def test_a_low_balance_in_two_steps(act: Any, utility: Utility) -> None:
    done = act("action_open_reminder", message("低余额短信", "manage_reminders"))
    draft = done.slots["draft"]
    assert draft["on"] is None
    asked = act("action_ask_reminder_form_answer", message("低余额短信", "x"), draft=draft)
    assert asked.said == ["utter_reminder_on_or_off"]
    off = message('/affirm{"choice":"off"}', "affirm")
    taken = act("validate_reminder_form", off, draft=asked.slots["draft"])
    assert (taken.slots["draft"]["on"], taken.slots["answer"]) == (False, "yes")


def test_where_nobody_pays_ahead_that_is_said(talk: Any, utility: Utility) -> None:
    none = utility.portal.answers("reminders", "none")
    assert talk.say("余额低于五十块就提醒我") == none["sentence"]
    assert utility.posted("reminders") == []


def test_a_sum_after_below(talk: Any, utility: Utility) -> None:
    talk.say("给我设个余额提醒，低于100")
    assert utility.posted("reminders")[0]["threshold_fen"] == 10000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("以后电费自动扣，帮我开一下", ["utter_pay_automatic"]),
        ("自动扣之前余额不足提醒我", []),
    ],
)
def test_automatic_paying_is_no_reminder(act: Any, text: str, said: list[str]) -> None:
    done = act("action_open_reminder", message(text, "manage_reminders"))
    assert [each for each in done.said if each == "utter_pay_automatic"] == said
    assert ({"kind": "link", "to": "agreements"} in done.cards) == bool(said)
