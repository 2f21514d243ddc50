"""Requests of every kind, from the first word to the number."""

from datetime import date
from typing import Any

import pytest
from stand_in import example
from utility import HOME, PARENTS, Utility

from actions import fields, requests
from actions.accounts import is_at
from actions.kinds import kind_of, named
from actions.messages import Said

TODAY = date(2026, 11, 21)
IMPORTANT = {
    "name": "important",
    "type": "choice",
    "choices": [{"value": "no", "title": "不是"}, {"value": "yes", "title": "是"}],
}


def walk(talk: Any, *steps: str) -> str:
    """Say each step, or tap it when it is the title of a button."""
    said = ""
    for step in steps:
        said = talk.tap(step) if step in talk.titles else talk.say(step)
    return said


KINDS = [
    (
        "outage_repair",
        ["/report_outage", "家里 …5603", "家里都没电", "提交"],
        {"trouble": "no_power"},
        HOME,
    ),
    (
        "new_connection",
        ["/new_connection", "文昌街18号3楼302", "提交"],
        {"address": "文昌街18号3楼302"},
        None,
    ),
    (
        "increase_capacity",
        ["/increase_capacity", "爸妈家 …1242", "居民", "不填", "提交"],
        {"supply": "resident"},
        PARENTS,
    ),
    (
        "transfer",
        ["/transfer_account", "家里 …5603", "房子买卖", "李大明", "提交"],
        {"reason": "sold", "new_holder": "李大明"},
        HOME,
    ),
    ("meter_check", ["/meter_check", "家里 …5603", "走得太快", "提交"], {"reason": "fast"}, HOME),
    (
        "pv_connection",
        ["/pv_connection", "家里 …5603", "二十五", "全部上网", "提交"],
        {"capacity": "25", "mode": "all_out"},
        HOME,
    ),
    (
        "ev_charger",
        ["/ev_charger", "梧桐里地下车库B2-117号", "7千瓦", "租的", "提交"],
        {"address": "梧桐里地下车库B2-117号", "capacity": "7", "space": "rented"},
        None,
    ),
    ("dispute", ["/dispute_bill", "家里 …5603", "太高了", "提交"], {"reason": "too_high"}, HOME),
    (
        "complaint",
        ["/complaint", "服务、态度", "窗口的人把单子扔给我，让我跑了三趟", "提交"],
        {"about": "service", "story": "窗口的人把单子扔给我，让我跑了三趟"},
        None,
    ),
    ("call_back", ['/complaint{"choice":"call_back"}', "提交"], {}, None),
]


@pytest.mark.parametrize(("kind", "steps", "fields", "account"), KINDS, ids=[k[0] for k in KINDS])
def test_every_kind(
    talk: Any,
    utility: Utility,
    kind: str,
    steps: list[str],
    fields: dict[str, str],
    account: str | None,
) -> None:
    talk.say(steps[0], payload=True)
    said = walk(talk, *steps[1:])
    (request,) = utility.posted("requests")
    assert request["kind"] == kind
    assert request["fields"] == fields
    assert request.get("account_no") == account
    assert "，已经提交，受理号 BX2611210001。" in said
    assert talk.cards == [{"kind": "request", "request_no": "BX2611210001"}]


@pytest.mark.parametrize(
    ("intent", "wish", "kind"),
    [
        ("new_connection", "我家新盖了房子要接电", "new_connection"),
        ("new_connection", "我开了家餐馆要接电", "business_connection"),
        ("new_connection", "公司要一路10千伏高压", "high_voltage_connection"),
        ("new_connection", "New power for our shop", "business_connection"),
        ("new_connection", "工地要临时用电", "temporary_supply"),
        ("increase_capacity", "厂里用不了那么多，想减容", "decrease_capacity"),
        ("increase_capacity", "想加大容量，减少跳闸", "increase_capacity"),
        ("increase_capacity", "reduce my capacity to 50 kW", "decrease_capacity"),
        ("complaint", "建议你们开个夜间窗口", "suggestion"),
        ("complaint", "你们的人态度太差，建议换人", "complaint"),
        ("complaint", "抄表没抄到，我自己报", "reading"),
        ("report_outage", "停电了，建议快来人", "outage_repair"),
        ("human_handoff", "我有个建议，转人工", "call_back"),
    ],
)
def test_a_request_is_of_the_kind_that_was_meant(intent: str, wish: str, kind: str) -> None:
    assert kind_of(intent, wish) == kind


@pytest.mark.parametrize(
    ("wish", "kind"),
    [
        ("我想自己报电表读数", "reading"),
        ("报个读数", "reading"),
        ("I want to send my meter reading", "reading"),
        ("我要报停", "suspension"),
        ("我想暂停用电", "suspension"),
        ("申请复电", "resumption"),
        ("之前报停的，现在要恢复", "resumption"),
        ("I have a suggestion", "suggestion"),
        ("想给你们提个建议", "suggestion"),
        ("小店想降低用电，给点建议", None),
        ("我司已于7月1日办理暂停，7月仍按全容量计收", None),
        ("我要报停电", None),
        ("抄表读数对不上", None),
        ("我要报读数，上次抄错了", None),
        ("暂停自动扣款", None),
        ("报停了还收费", None),
        ("电费多少", None),
    ],
)
def test_words_that_leave_no_doubt(wish: str, kind: str | None) -> None:
    assert named(wish) == kind


def test_a_photo_that_must_be_there(talk: Any, utility: Utility) -> None:
    """Without it the portal refuses; once the card has taken it the same yes goes through."""
    talk.say("报个读数")
    said = walk(talk, "家里 …5603", "12045")
    assert "照片在这里传" in said
    (card,) = talk.cards
    assert (card["kind"], card["required"]) == ("photo", True)
    said = walk(talk, "提交")
    assert "请加一张“电表的照片”，没有照片核对不了。" in said
    assert talk.cards == [card]
    assert utility.filed == {}
    utility.photos.add(card["draft"])
    assert "提交吗" in talk.say("照片传好了")
    assert "受理号" in walk(talk, "提交")
    (request,) = utility.filed.values()
    assert (request["kind"], request["key"]) == ("reading", card["draft"])
    assert request["fields"] == {"reading": "12045"}


def test_a_high_voltage_connection(talk: Any, utility: Utility) -> None:
    """不是 in what was said first answers no question that comes later."""
    talk.say('/complaint{"choice": "high_voltage_connection"}', payload=True)
    said = walk(talk, "两路", "不是", "临江工业区 3 号", "800", "暖阳纺织", "提交")
    (request,) = utility.filed.values()
    assert "account_no" not in request
    assert request["fields"] == {
        "sources": "double",
        "important": "no",
        "address": "临江工业区 3 号",
        "capacity": "800",
        "holder": "暖阳纺织",
    }
    assert "用电设备清单" in said
    assert "重要用户的认定文件" not in said
    assert fields.learned([IMPORTANT], Said("这不是我家的，医院是不是要先申请"), TODAY) == {}


@pytest.mark.parametrize(("where", "known"), [("家里 …5603", True), ("别的地方", False)])
def test_what_is_known_of_one_place_is_not_presumed_of_another(
    talk: Any, utility: Utility, where: str, known: bool
) -> None:
    utility.before = {"request.place": "remote"}
    talk.say("/report_outage", payload=True)
    said = walk(talk, where, "家里都没电")
    if not known:
        said = walk(talk, "江边公园东门 3 号")
    assert "请核对" in said
    assert ("remote" in said) == known


def test_documents_are_those_of_the_request(talk: Any, utility: Utility) -> None:
    talk.say("/ev_charger", payload=True)
    said = walk(talk, "江边公园地下车库 B2-117", "7", "自己的", "提交")
    assert "车位的产权证明" in said
    assert "车位的租赁合同" not in said


def test_what_is_known_is_confirmed_not_asked(talk: Any, utility: Utility) -> None:
    talk.say("/meter_check", payload=True)
    walk(talk, "家里 …5603")
    summary = walk(talk, "走得太快")
    assert "电表在哪里：滨江路 18 号 3 栋 502" in summary
    assert "联系电话：138 **** 2046" in summary
    assert talk.titles == ["提交", "改一处", "不办了"]
    assert talk.cards[0]["kind"] == "photo"


def test_photos_go_under_the_key_of_the_request(talk: Any, utility: Utility) -> None:
    talk.say("/meter_check", payload=True)
    walk(talk, "家里 …5603", "走得太快")
    key = talk.cards[0]["draft"]
    walk(talk, "提交")
    assert utility.posted("requests")[0]["key"] == key


def test_what_was_said_first_is_not_asked_again(talk: Any, utility: Utility) -> None:
    said = talk.say("投诉你们抄表员，态度太差")
    assert "关于什么：服务、态度" in said
    assert "怎么回事：投诉你们抄表员，态度太差" in said


def test_twice_yes_is_one_request(talk: Any, utility: Utility) -> None:
    talk.say("投诉你们抄表员，态度太差")
    talk.say("提交")
    talk.say("提交")
    talk.say("确认")
    assert len(utility.posted("requests")) == 1


def test_no_answer_at_the_yes_and_the_same_key_again(talk: Any, utility: Utility) -> None:
    talk.say("投诉你们抄表员，态度太差")
    utility.silent = {"requests"}
    said = talk.say("提交")
    assert "同一件事不会办两次" in said
    utility.silent = set()
    assert "受理号 BX2611210001" in talk.say("提交")
    first, second = utility.posted("requests")
    assert first == second


def test_a_yes_it_is_not(talk: Any, utility: Utility) -> None:
    talk.say("投诉你们抄表员，态度太差")
    talk.say("谢谢")
    talk.say("好，不过电话不对")
    assert utility.posted("requests") == []


@pytest.mark.parametrize(
    ("correction", "line"),
    [
        ("电话是13912345678", "联系电话：13912345678"),
        ("地址改成东湖新村3栋201", "电表在哪里：东湖新村3栋201"),
    ],
)
def test_a_correction_at_the_summary(
    talk: Any, utility: Utility, correction: str, line: str
) -> None:
    talk.say("/meter_check", payload=True)
    walk(talk, "家里 …5603", "走得太快")
    assert line in talk.say(correction)
    talk.say("提交")
    assert line.split("：")[1] in utility.posted("requests")[0]["fields"].values()


def test_pointing_at_a_line(talk: Any, utility: Utility) -> None:
    talk.say("/meter_check", payload=True)
    walk(talk, "家里 …5603", "走得太快", "改一处")
    assert talk.tap("联系电话").startswith("联系电话是多少？")
    assert "这个号码不全" in talk.say("1380000")
    assert "联系电话：13912345678" in talk.say("13912345678")


def test_a_day_for_the_visit(talk: Any, utility: Utility) -> None:
    talk.say("/meter_check", payload=True)
    walk(talk, "家里 …5603", "走得太快", "改一处")
    assert talk.say("哪天上门方便").startswith("哪天上门方便？")
    assert talk.say("昨天").startswith("那天已经过了")
    assert "哪天上门方便：2026-11-25" in talk.say("11月25日")


def test_an_address_of_one_word(talk: Any, utility: Utility) -> None:
    talk.say("/report_outage", payload=True)
    walk(talk, "别的地方", "家里都没电")
    assert talk.say("家").startswith("这个地址太短")
    assert "在哪里：柳荫路8号2栋" in talk.say("柳荫路8号2栋")
    talk.say("提交")
    assert "account_no" not in utility.posted("requests")[0]


def test_a_field_that_the_portal_refuses_is_asked_again(talk: Any, utility: Utility) -> None:
    talk.say("投诉你们抄表员，态度太差")
    utility.refuses_field = "story"
    said = talk.say("提交")
    assert said.startswith("这个填得不对。\n怎么回事？")
    talk.say("抄表的人骂人")
    assert "受理号 BX2611210001" in talk.say("提交")


@pytest.mark.parametrize("word", ["算了", "不办了", "先等等"])
def test_leaving(talk: Any, utility: Utility, word: str) -> None:
    talk.say("/meter_check", payload=True)
    walk(talk, "家里 …5603")
    assert talk.say(word).startswith("好，先不办了")
    assert utility.posted("requests") == []


def test_a_question_inside_and_back(talk: Any, utility: Utility) -> None:
    talk.say("/meter_check", payload=True)
    walk(talk, "家里 …5603")
    said = talk.say("营业厅在哪")
    assert "营业厅" in said
    assert said.endswith("怎么不对？点一个，或者直接说。")
    assert talk.titles[0] == "走得太快"


def test_a_story_that_sounds_like_a_goodbye_is_a_story(talk: Any, utility: Utility) -> None:
    talk.say("/complaint", payload=True)
    walk(talk, "服务、态度")
    assert "怎么回事：他骂人还要红包，说下次再来" in talk.say(
        "他骂人还要红包，说下次再来，我等了三个小时"
    )


def test_danger_interrupts(talk: Any, utility: Utility) -> None:
    talk.say("/meter_check", payload=True)
    walk(talk, "家里 …5603")
    said = talk.say("电线掉地上了")
    assert said.startswith("⚠ 别靠近，离掉下的电线至少 8 米")
    assert talk.titles == ["登记抢修", "找人工", "不用了"]


def test_strangers_report_by_address_and_phone(talk: Any, utility: Utility) -> None:
    talk.signed_in = utility.signed_in = False
    talk.say("/report_outage", payload=True)
    said = walk(talk, "家里都没电", "柳荫路8号2栋", "13800001234")
    assert "联系电话：13800001234" in said
    walk(talk, "提交")
    assert utility.posted("requests")[0]["fields"] == {
        "trouble": "no_power",
        "address": "柳荫路8号2栋",
        "phone": "13800001234",
    }


def test_strangers_sign_in_for_the_rest(talk: Any, utility: Utility) -> None:
    talk.signed_in = utility.signed_in = False
    assert talk.say("表走得快").startswith("这件事要先登录。")
    talk.signed_in = utility.signed_in = True
    talk.say("登录好了")
    assert "怎么不对：走得太快" in walk(talk, "家里 …5603")


OUTAGE = {
    "outage_no": "T1",
    "kind": "unplanned",
    "area_words": "滨江路一带",
    "since_words": "今天 13:20",
    "until_words": None,
    "reason_words": "线路故障",
    "state": "now",
    "mine": ["家里"],
    "sentence": "滨江路一带停电，正在抢修。",
}


def test_a_known_outage_is_told_first(talk: Any, utility: Utility) -> None:
    utility.outages = [OUTAGE]
    talk.say("/report_outage", payload=True)
    assert walk(talk, "家里 …5603") == "滨江路一带停电，正在抢修。还要另外报修吗？"
    assert walk(talk, "不用了").startswith("好，先不办了")
    assert utility.posted("requests") == []


def test_and_reported_all_the_same(talk: Any, utility: Utility) -> None:
    utility.outages = [OUTAGE]
    talk.say("/report_outage", payload=True)
    walk(talk, "家里 …5603", "还是报修", "家里都没电", "提交")
    assert len(utility.posted("requests")) == 1


def test_an_outage_that_is_only_announced_explains_nothing(talk: Any, utility: Utility) -> None:
    utility.outages = [OUTAGE | {"state": "announced"}]
    talk.say("/report_outage", payload=True)
    assert walk(talk, "家里 …5603").startswith("出了什么事？")


def test_outages_unknown_keep_nobody_from_reporting(talk: Any, utility: Utility) -> None:
    utility.silent = {"outages"}
    talk.say("/report_outage", payload=True)
    assert walk(talk, "家里 …5603").startswith("出了什么事？")


def test_the_portal_silent(talk: Any, utility: Utility) -> None:
    utility.silent = {"requests", "context"}
    talk.say("/meter_check", payload=True)
    assert talk.heard
    assert not talk.cards
    assert utility.posted("requests") == []


def test_english(talk: Any, utility: Utility) -> None:
    talk.language = "en"
    talk.say("/meter_check", payload=True)
    walk(talk, "家里 …5603")
    assert talk.titles[0] == "It runs too fast"
    said = talk.tap("It runs too fast")
    assert said.startswith("Meter test · ")
    assert talk.titles == ["File it", "Change something", "Cancel"]
    walk(talk, "File it")
    assert len(utility.posted("requests")) == 1


def test_a_place_that_was_said_goes_before_one_s_home(talk: Any, utility: Utility) -> None:
    said = Said(
        "我家停电了，柳荫路8号2栋",
        "report_outage",
        [{"entity": "address", "value": "柳荫路8号2栋"}],
    )
    assert not is_at(said, HOME, utility.accounts)
    assert is_at(Said("我家停电了", "report_outage"), HOME, utility.accounts)


def test_another_account_at_the_summary(talk: Any, utility: Utility) -> None:
    talk.say("/meter_check", payload=True)
    walk(talk, "家里 …5603", "走得太快")
    assert "校验电表 · 爸妈家 …1242" in talk.say("是爸妈家的")
    talk.say("提交")
    assert utility.posted("requests")[0]["account_no"] == PARENTS


def test_an_account_that_is_refused_is_asked_again(talk: Any, utility: Utility) -> None:
    talk.say("/meter_check", payload=True)
    utility.accounts = [each for each in utility.accounts if each["account_no"] != HOME]
    said = talk.tap("家里 …5603")
    assert said.startswith("您的名下没有这个户号。")
    assert said.endswith("是哪一户的事？")
    assert utility.posted("requests") == []


def test_the_bill_of_the_month_that_was_said_is_attached(talk: Any, utility: Utility) -> None:
    bill = example("bills")["bills"][0] | {"bill_no": "B2026090000213"}
    utility.portal.answers("bills", bills=[bill])
    talk.say('/dispute_bill{"period":"9月","account_no":"420011875603"}', payload=True)
    assert "哪一张账单：9 月 ¥67.04" in talk.tap("太高了")
    talk.tap("提交")
    assert utility.posted("requests")[0]["fields"] == {
        "bill": "B2026090000213",
        "reason": "too_high",
    }


def test_a_bill_that_is_not_found_is_asked_for_not_guessed(talk: Any, utility: Utility) -> None:
    utility.portal.answers("bills", bills=[])
    talk.say('/dispute_bill{"period":"3月","account_no":"420011875603"}', payload=True)
    assert talk.titles == ["10 月 ¥149.51", "9 月 ¥67.04"]
    talk.tap("9 月 ¥67.04")
    assert "哪一张账单：9 月 ¥67.04" in talk.tap("太高了")


def test_a_place_said_where_an_account_was_asked(talk: Any, utility: Utility) -> None:
    talk.say("/report_outage", payload=True)
    assert "在哪里：柳荫路8号2栋" in walk(talk, "柳荫路8号2栋", "家里都没电")


def test_a_title_that_fits_best_is_chosen_and_none_of_two(talk: Any, utility: Utility) -> None:
    talk.say("/increase_capacity", payload=True)
    walk(talk, "家里 …5603")
    assert talk.say("单位").startswith("没对上。可以选：")
    talk.say("单位低压")
    assert "用电类别：单位，低压" in talk.say("60")


def test_a_number_corrected(talk: Any, utility: Utility) -> None:
    talk.say("/pv_connection", payload=True)
    walk(talk, "家里 …5603", "20", "全部上网")
    assert "装多大（千瓦）：30" in talk.say("不是20，是30千瓦")


def test_never_mind_with_a_reason(talk: Any, utility: Utility) -> None:
    talk.say("/meter_check", payload=True)
    walk(talk, "家里 …5603", "走得太快")
    assert talk.say("算了，还是打电话吧").startswith("好，先不办了")


def test_several_accounts_at_once_are_none_for_a_request(talk: Any, utility: Utility) -> None:
    talk.say("/meter_check", payload=True)
    assert "没对上是哪一户" in talk.say("家里和铺子都是")
    summary = walk(talk, "家里 …5603", "走得太快")
    assert talk.say("全部").endswith(summary)


@pytest.mark.parametrize("opening", ["我要缴电费", "/meter_check", "我要开发票"])
def test_no_power_goes_before_what_is_under_way(talk: Any, utility: Utility, opening: str) -> None:
    talk.say(opening, payload=opening.startswith("/"))
    said = talk.say("家里停电了")
    assert said.startswith("没电要紧，先报修。")
    assert "停电、故障报修 · 家里 …5603，请核对" in said
    talk.say("提交")
    assert [each["kind"] for each in utility.posted("requests")] == ["outage_repair"]
    assert "接着是" not in talk.say("谢谢")


def test_a_story_of_outages_is_a_story(talk: Any, utility: Utility) -> None:
    talk.say("/complaint", payload=True)
    walk(talk, "老停电")
    assert "没电要紧" not in talk.say("这个月停电三次了")


def test_a_correction_that_sounds_like_another_matter(
    talk: Any, utility: Utility, agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk.say("/meter_check", payload=True)
    walk(talk, "家里 …5603", "走得太快")
    read = agent.processor.parse_message

    async def bound(message: Any) -> Any:
        binds = {"intent": {"name": "bind_account", "confidence": 0.9}, "entities": []}
        return await read(message) | binds

    monkeypatch.setattr(agent.processor, "parse_message", bound)
    assert "联系电话：13800001234" in talk.say("电话改成13800001234")


def test_who_asks_whether_the_power_will_be_cut_off_has_it(
    talk: Any, utility: Utility, agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk.say("我要缴电费")
    read = agent.processor.parse_message

    async def reported(message: Any) -> Any:
        reports = {"intent": {"name": "report_outage", "confidence": 0.9}, "entities": []}
        return await read(message) | reports

    monkeypatch.setattr(agent.processor, "parse_message", reported)
    assert "没电要紧" not in talk.say("我今天不交会不会给我停电")
    assert "没电要紧" in talk.say("我家已经停电了")


@pytest.mark.parametrize(
    ("values", "promised"),
    [
        ({"supply": "high"}, "12 月 22 日前办好"),
        ({"supply": "low"}, "11 月 30 日前办好"),
        ({}, "最快 11 月 27 日前办好"),
    ],
)
def test_what_is_promised_follows_the_choice(values, promised):
    choices = [
        {"value": "high", "title": "高压", "deadline_words": "12 月 22 日前办好"},
        {"value": "low", "title": "低压", "deadline_words": "11 月 30 日前办好"},
    ]
    supply = {"name": "supply", "choices": choices, "known": None}
    fields = [{"name": "note", "choices": None}, supply]
    draft = {"deadline_words": "最快 11 月 27 日前办好", "fields": fields, "values": values}
    assert requests._promised(draft) == promised
