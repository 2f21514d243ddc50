"""What somebody means who answers a message."""

import pytest

from notifications.preferences import topics
from notifications.preferences.replies import Meant, meant

STOP, START = Meant(stops=True), Meant(stops=False)


@pytest.mark.parametrize(
    "said",
    [
        "退订",
        "退 订",
        "退订！",
        "TD",
        "ｔｄ",
        "T",
        "Ｒ",
        "n",
        "拒收",
        "stop",
        "STOP.",
        "Unsubscribe",
        "退订短信",
        "退訂",
        "我要退订",
        "请帮我退订",
        "退订吧，谢谢",
        "回复TD",
        "回复 R",
        "拒收请回复R",
        "不要再发了",
        "别发了",
    ],
)
def test_to_hear_no_more_by_short_message(said):
    assert meant(said, "sms") == STOP


@pytest.mark.parametrize("said", ["恢复", "订阅", "start", "Back", "恢复提醒"])
def test_to_hear_again_by_short_message(said):
    assert meant(said, "sms") == START


@pytest.mark.parametrize(
    ("said", "topic"),
    [
        ("退订停电", "outage"),
        ("停电提醒退订", "outage"),
        ("TD缴费提醒", "reminder"),
        ("stop outage texts", "outage"),
        ("退订活动", "news"),
        ("退订全部", "all"),
    ],
)
def test_a_topic_beside_it(said, topic):
    assert meant(said, "sms") == Meant(stops=True, topic=topic)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "好",
        "谢谢",
        "不要退订",
        "我不想退订",
        "请不要退订",
        "退订怎么办理",
        "退订了吗",
        "别发错了",
        "恢复了",
        "10元",
        "明天停电吗",
        "退订微信",
        "t恤",
        "退订" * 30,
    ],
)
def test_what_is_no_such_wish(said):
    assert meant(said, "sms") is None


@pytest.mark.parametrize("said", ["T", "n", "R", "stop", "恢复", "back", "退订短信"])
def test_in_a_talk_what_may_mean_something_else_is_left_to_the_assistant(said):
    assert meant(said, "wechat") is None


@pytest.mark.parametrize("said", ["退订", "td", "拒收", "退订微信", "unsubscribe"])
def test_in_a_talk_what_can_mean_nothing_else(said):
    assert meant(said, "wechat") == STOP


def test_every_topic_is_described_and_has_its_own_words():
    assert list(topics.choices()) == list(topics.described())
    words = [word for each in topics.described().values() for word in each.said]
    assert len(words) == len(set(words))
