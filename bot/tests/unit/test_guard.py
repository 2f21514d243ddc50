"""Danger that is there is lifted, danger denied or past is not, other trades are left alone."""

import pytest

from components.danger import read
from components.guard import DangerGuard

GUARD = DangerGuard(DangerGuard.get_default_config())

PRESENT = """
门口电线杆歪倒了，线拖在路上
楼道配电箱在冒烟
插座滋滋响还有火星
有人触电倒地了
我妈靠呼吸机，现在停电了
变压器爆炸起火
电表箱闻到一股焦糊味
高压线断了搭在车上
摸到热水器麻手
地下室进水，配电柜泡在水里
小孩爬到变压器上面去了
着火了
没有明火，但是一直在冒烟
昨天修过，今天又冒火花
刚灭了火，可是线还在冒烟
一根电缆垂到幼儿园门口
电闸着了
家里漏电，洗手被电到
the pole is on fire
sparks are coming from the meter
a power line is down on our street
my dad's ventilator stopped, the power is out
smoke from the socket!
I smell burning
there is a burning smell at home
smell of burning plastic
burned plastic smell
melting plastic smell
it smells like something burned
there's electricity in the tap
水龙头有电
我家水龙头摸着有电
铁门上好像带电
洗澡水有电
小孩把手指伸进插座了
the tap is live
my faucet gives me shocks
kid put his finger in the socket
my son grabbed a bare wire
someone got electrocuted at the site
"""
TAKEN_BACK = """
没有冒烟，就是没电
没着火也没味道，单纯停电了
昨天电箱冒过烟，已经处理好了，现在没电
上周变压器起火，早扑灭了，什么时候送电
电线没断，就是家里没电
去年变压器炸了，已经换了新的
no smoke, no sparks, just no power
the fire last week was put out, we only need power back
nothing is burning, the breaker just trips
no burning smell, only no power
yesterday there was a burning smell, it is fixed now
水龙头不带电，放心
"""
NOTHING = """
煤气泄漏了怎么办
燃气灶打不着火
水管爆了满地水
吃火锅去哪里
火车票怎么买
孩子发烧了
手机发烫
这个月电费多少
停电了什么时候来电
密密麻麻看不清
麻烦帮我查下电费
电影着火那段叫什么
I smell gas in the kitchen
who fired the manager
write a poem about fire
how does a smoke detector work
老板今天气得冒烟
水龙头没有电
墙上有电表
家里水管有电伴热
the bill for my heater shocked me
my heater bill shocked me
the stream is live
can I put the plug in the socket
欠费被停电了，交完什么时候来电
我家被断电了
"""


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


@pytest.mark.parametrize("text", lines(PRESENT))
def test_a_sign_of_danger_is_seen(text: str):
    assert read(text) == "present"


@pytest.mark.parametrize("text", lines(TAKEN_BACK))
def test_denied_or_past_danger_is_taken_back(text: str):
    assert read(text) == "taken_back"


@pytest.mark.parametrize("text", lines(NOTHING))
def test_other_trades_and_quiet_lines_are_none_of_its_business(text: str):
    assert read(text) == "none"


def ranking(first: str, confidence: float, second: str, other: float):
    return [{"name": first, "confidence": confidence}, {"name": second, "confidence": other}]


def test_a_wavering_classifier_is_overruled_by_danger():
    lifted = GUARD.weigh("电箱在冒烟", ranking("report_outage", 0.6, "emergency", 0.3))
    assert lifted[0] == {"name": "emergency", "confidence": 0.95}
    assert [each["name"] for each in lifted] == ["emergency", "report_outage"]
    assert lifted[1]["confidence"] == pytest.approx(0.03)


def test_danger_that_is_lifted_is_in_no_doubt():
    """A runner-up as near as 0.05 would make the message one that was not understood."""
    for confidence in (0.91, 0.97, 0.998):
        given = ranking("out_of_scope", confidence, "emergency", 1 - confidence)
        first, second = GUARD.weigh("there is a burning smell at home", given)
        assert (first["name"], second["name"]) == ("emergency", "out_of_scope")
        assert first["confidence"] - second["confidence"] > 0.5


def test_danger_lifts_even_what_the_classifier_did_not_think_of():
    lifted = GUARD.weigh("电箱在冒烟", ranking("pay_bill", 0.5, "greet", 0.2))
    assert lifted[0]["name"] == "emergency"


def test_a_certain_classifier_keeps_its_word():
    sure = ranking("complaint", 0.995, "emergency", 0.004)
    assert GUARD.weigh("电线短路冒烟烧坏了冰箱", sure) is sure


def test_denied_danger_gives_way_to_the_next_intent():
    lowered = GUARD.weigh("没有冒烟，就是没电", ranking("emergency", 0.6, "report_outage", 0.3))
    assert [each["name"] for each in lowered] == ["report_outage", "emergency"]
    assert [each["confidence"] for each in lowered] == [0.6, 0.3]


def test_without_a_sign_nothing_changes():
    given = ranking("query_bill", 0.5, "emergency", 0.4)
    assert GUARD.weigh("上个月电费", given) is given
