"""Danger: what to do now and the hotline first, for anybody, whatever else is down."""

from typing import Any

import pytest
from utility import Utility

from actions.emergency import danger_of

DANGERS = [
    ("电线断了掉在路上", "wire"),
    ("a power line fell on my car", "wire"),
    ("有人被电到了，手松不开", "shock"),
    ("somebody got electrocuted", "shock"),
    ("my baby touched a live wire", "shock"),
    ("a tree touched a live wire", "wire"),
    ("kid put his finger in the socket", "shock"),
    ("小孩捅插座", "shock"),
    ("孩子手指伸进插座了", "shock"),
    ("宝宝摸到电线了", "shock"),
    ("孩子咬电线", "shock"),
    ("my toddler is holding a live cable", "shock"),
    ("水龙头有电", "shock"),
    ("水龙头带电", "shock"),
    ("the tap is live", "shock"),
    ("the fallen wire is live", "wire"),
    ("墙上有电线掉下来", "wire"),
    ("电表箱着火了", "fire"),
    ("there is a burning smell at home", "fire"),
    ("smoke is coming out of the meter box", "fire"),
    ("插座冒火星子", "sparks"),
    ("地下室进水了 配电柜都泡在里头", "water"),
    ("我爸靠呼吸机活着 现在停电了怎么办啊", "life"),
    ("有人在变电站围墙里头", "trespass"),
    ("厨房燃气味好大", "gas"),
    ("插座电了我一下", "shock"),
    ("停电了，我怕黑，快来人", "general"),
    ("快救人", "general"),
]


@pytest.mark.parametrize(("text", "danger"), DANGERS)
def test_each_danger_has_its_instruction(text: str, danger: str) -> None:
    assert danger_of(text) == danger


def test_the_first_message_has_instruction_and_hotline(talk: Any, utility: Utility) -> None:
    talk.say("/emergency", payload=True)
    assert talk.heard[0]["text"].startswith("⚠")
    assert "96000" in talk.heard[0]["text"]


def test_then_the_report_then_a_person_are_offered(talk: Any, utility: Utility) -> None:
    talk.say("电线掉地上了")
    assert talk.heard[1]["text"] == "人安全了吗？电话之外，我也可以现在登记抢修。"
    assert talk.titles == ["登记抢修", "找人工", "不用了"]


def test_the_report_is_short(talk: Any, utility: Utility) -> None:
    talk.signed_in = utility.signed_in = False
    talk.say("电线掉地上了")
    assert talk.tap("登记抢修").startswith("在哪里？")
    assert talk.say("人民路5号门口").startswith("联系电话是多少？")
    assert "出了什么事：电线、电杆有问题" in talk.say("13800001234")
    assert "受理号 BX2611210001" in talk.tap("提交")


def test_the_place_that_was_said_is_not_asked(talk: Any, utility: Utility) -> None:
    talk.signed_in = utility.signed_in = False
    talk.say('/emergency{"address":"人民路5号"}', payload=True)
    assert talk.tap("登记抢修").startswith("联系电话是多少？")


def test_everything_down_leaves_instruction_and_hotline(talk: Any, utility: Utility) -> None:
    utility.silent = {"context", "requests", "outages"}
    talk.say("电线掉地上了")
    assert talk.heard[0]["text"].startswith("⚠")
    assert "请直接打 96000" in talk.tap("登记抢修")


def test_danger_inside_a_payment(talk: Any, utility: Utility) -> None:
    talk.say("用微信给爸妈家充一百块")
    talk.say("电线掉地上了")
    assert talk.heard[0]["text"].startswith("⚠")
    talk.say("确认")
    assert all(each["kind"] != "payment" for each in talk.cards)


def test_no_thanks_leaves(talk: Any, utility: Utility) -> None:
    talk.say("电线掉地上了")
    assert talk.tap("不用了").startswith("好，先不办了")


def test_english(talk: Any, utility: Utility) -> None:
    talk.language = "en"
    talk.say("/emergency", payload=True)
    assert talk.heard[0]["text"].startswith("⚠ Get away from the danger")
    assert talk.titles == ["File a repair", "Talk to a person", "No thanks"]
