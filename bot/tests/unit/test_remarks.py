"""What is said to a request beside its answers."""

from typing import Any

import pytest
from test_requesting import walk
from utility import HOME, PARENTS, Utility


def test_a_door_after_the_street_is_kept(talk: Any, utility: Utility) -> None:
    talk.say("/report_outage", payload=True)
    assert "在哪里：柳荫路 18 号 三单元" in walk(talk, "柳荫路 18 号 三单元", "家里都没电")


def test_more_of_the_fault_goes_into_the_note(talk: Any, utility: Utility) -> None:
    talk.say("/report_outage", payload=True)
    summary = walk(talk, "家里 …5603", "一栋楼都冇得电 不是光我一屋")
    assert "出了什么事：家里都没电" in summary
    assert "补充说明：一栋楼都冇得电 不是光我一屋" in summary
    said = talk.say("家里停电了，楼道的灯也停电不亮了")
    assert said.startswith("记下了，一起报上去。")
    assert "补充说明：一栋楼都冇得电 不是光我一屋；家里停电了，楼道的灯也停电不亮了" in said
    talk.say("提交")
    (request,) = utility.posted("requests")
    assert request["account_no"] == HOME
    assert request["fields"]["trouble"] == "no_power"


def test_a_title_alone_is_no_note(talk: Any, utility: Utility) -> None:
    talk.say("/report_outage", payload=True)
    assert "补充说明" not in walk(talk, "家里 …5603", "电压不稳、灯一闪一闪")


def test_two_homes_without_power_are_asked_about(talk: Any, utility: Utility) -> None:
    assert talk.say("我家停电了，爸妈家也停电了").startswith("是哪里没电？")
    assert "停电、故障报修 · 爸妈家 …1242" in walk(talk, "爸妈家 …1242")


def test_where_the_photo_goes(talk: Any, utility: Utility) -> None:
    talk.say("/report_outage", payload=True)
    talk.tap("家里 …5603")
    said = talk.say("我拍了张照片 咋个给你")
    assert said.startswith("照片在这里传，会一起报上去。\n出了什么事？")
    assert [each["kind"] for each in talk.cards] == ["photo"]
    key = talk.cards[0]["draft"]
    walk(talk, "家里都没电", "提交")
    assert utility.posted("requests")[0]["key"] == key


def test_leaving_with_a_question(talk: Any, utility: Utility) -> None:
    talk.say("/report_outage", payload=True)
    said = talk.say("算了，营业厅在哪里，几点开门")
    assert said.startswith("好，先不办了")
    assert "接着是“营业厅在哪里，几点开门”。" in said
    assert [each["kind"] for each in talk.cards] == ["halls"]


def test_leaving_a_report_said_twice(talk: Any, utility: Utility) -> None:
    talk.say("/report_outage", payload=True)
    talk.tap("家里 …5603")
    assert talk.say("不报了不报了 爸妈那边停电了没有你帮我看看").startswith("好，先不办了")
    assert utility.posted("requests") == []


@pytest.mark.parametrize("steps", [["到40千瓦", "爸妈家 …1242"], ["爸妈家 …1242", "到40千瓦"]])
def test_the_capacity_said_early_is_kept(talk: Any, utility: Utility, steps: list[str]) -> None:
    talk.say("/increase_capacity", payload=True)
    assert "加到多大（千瓦）：40" in walk(talk, *steps, "居民")
    talk.say("提交")
    assert utility.posted("requests")[0]["account_no"] == PARENTS
    assert utility.posted("requests")[0]["fields"] == {"supply": "resident", "capacity": "40"}


@pytest.mark.parametrize("steps", [["改一处", "容量", "40"], ["改一处", "40"], ["40"]])
def test_the_capacity_said_late(talk: Any, utility: Utility, steps: list[str]) -> None:
    talk.say("/increase_capacity", payload=True)
    walk(talk, "家里 …5603", "居民")
    assert talk.titles == ["不填"]
    assert "加到多大" not in talk.say("不清楚")
    assert "加到多大（千瓦）：40" in walk(talk, *steps)


def test_a_plea_at_the_summary_is_noted(talk: Any, utility: Utility) -> None:
    talk.say("/dispute_bill", payload=True)
    walk(talk, "家里 …5603", "太高了")
    said = talk.say("没用那么多")
    assert said.startswith("记下了，一起报上去。")
    assert "说明：没用那么多" in said
    assert talk.say("不对").startswith("要改哪一处？")
    assert "请核对" in talk.say("不用改了")


def test_filing_where_a_change_was_offered(talk: Any, utility: Utility) -> None:
    talk.say("/meter_check", payload=True)
    walk(talk, "家里 …5603", "走得太快", "改一处")
    assert "受理号 BX2611210001" in talk.say("提交")


def test_a_yes_where_a_change_was_offered_shows_it_once_more(talk: Any, utility: Utility) -> None:
    talk.say("/meter_check", payload=True)
    walk(talk, "家里 …5603", "走得太快", "改一处")
    assert "请核对" in talk.say("好的")
    assert utility.posted("requests") == []


def test_too_much_is_too_high(talk: Any, utility: Utility) -> None:
    talk.say("/dispute_bill", payload=True)
    assert "哪里不对：太高了" in walk(talk, "家里 …5603", "9月账单太多了")
