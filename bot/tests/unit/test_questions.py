"""What is asked of the portal for each question, and what is said of its answer."""

import json

import pytest
from conftest import TODAY, message

HOME, PARENTS = "420011875603", "420011871242"


def payload(button):
    intent, _, entities = button["payload"][1:].partition("{")
    return intent, json.loads("{" + entities) if entities else {}


def test_a_bill_is_asked_for_by_the_days_of_its_month(act, portal):
    bills = portal.answers("bills", "one_month")
    done = act("action_query_bill", message("上个月电费多少", "query_bill", period="上个月"))
    (asked,) = portal.asked("bills")
    assert asked.given == {"from": "2026-10-01", "to": "2026-10-31"}
    assert done.said[0] == bills["sentence"]
    assert done.cards == [{"kind": "bill", "bill_no": "B2026100000213"}]
    assert done.slots["last_question"] == {
        "intent": "query_bill",
        "period": "上个月",
        "account_no": None,
    }
    assert done.said[1:] == ["utter_bills_why", "utter_bills_pay_now"]
    why = next(each for each in done.responses if each.get("response") == "utter_bills_why")
    assert payload({"payload": why["payload"]}) == (
        "explain_bill",
        {"account_no": HOME, "period": "2026-10"},
    )


def test_without_a_time_the_newest_bill_of_each_account_is_told(act, portal):
    done = act("action_query_bill", message("电费", "query_bill"))
    assert portal.asked("bills")[0].given == {}
    assert [card["bill_no"] for card in done.cards] == ["B2026100000213", "B2026100000388"]


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ("去年", {"from": "2025-01-01", "to": "2025-12-31"}),
        ("三月到五月", {"from": "2026-03-01", "to": "2026-05-31"}),
        ("2026-09", {"from": "2026-09-01", "to": "2026-09-30"}),
    ],
)
def test_ranges_and_months_of_buttons_are_days_too(act, portal, said, days):
    act("action_query_bill", message(said, "query_bill", period=said))
    assert portal.asked("bills")[0].given == days


def test_the_bill_before_the_newest_is_counted_from_the_newest(act, portal):
    act("action_query_bill", message("上一期账单", "query_bill", period="上一期"))
    newest, before = portal.asked("bills")
    assert newest.given == {}
    assert before.given == {"from": "2026-09-01", "to": "2026-09-30"}


def test_a_bill_that_is_not_out_yet_is_said_with_what_there_is(act, portal):
    bills = portal.answers("bills", "not_issued")
    done = act("action_query_bill", message("这个月电费", "query_bill", period="这个月"))
    assert done.said == [bills["sentence"], "utter_bills_so_far"]
    assert done.cards == []
    assert [set(each.given) for each in portal.asked("bills")] == [{"from", "to"}, set()]


@pytest.mark.parametrize(
    ("said", "response"),
    [
        ("下个月", "utter_period_ahead"),
        ("2月30号", "utter_period_no_such_day"),
        ("13月", "utter_period_no_such_month"),
        ("2026-13", "utter_period_no_such_month"),
        ("那一阵子的那个", "utter_period_unknown"),
    ],
)
def test_a_time_that_cannot_be_meant_is_said_and_nothing_is_asked(act, portal, said, response):
    done = act("action_query_bill", message(said, "query_bill", period=said))
    assert done.said == [response]
    assert portal.asked("bills") == []
    assert done.responses[0]["words"] == said


def test_a_label_in_the_message_is_the_account(act, portal):
    done = act("action_query_bill", message("爸妈家上个月电费", "query_bill", period="上个月"))
    assert portal.asked("bills")[0].given["account_no"] == PARENTS
    assert done.slots["account_no"] == PARENTS
    assert [each["label"] for each in done.slots["accounts"]] == ["家里", "爸妈家", "铺子"]


def test_accounts_are_asked_for_once_in_a_conversation(act, portal):
    accounts = portal.answers("context", "signed_in")["accounts"]
    act("action_query_bill", message("铺子电费", "query_bill"), accounts=accounts)
    assert portal.asked("context") == []
    assert portal.asked("bills")[0].given == {"account_no": "420022660318"}


def test_the_account_chosen_before_is_meant_until_all_are(act, portal):
    act("action_query_bill", message("上个月电费", "query_bill"), account_no=PARENTS)
    act("action_query_bill", message("所有户号的电费", "query_bill"), account_no=PARENTS)
    first, second = portal.asked("bills")
    assert first.given == {"account_no": PARENTS}
    assert second.given == {}


def test_what_is_owed_is_owed_on_all_accounts_unless_one_is_said(act, portal):
    balance = portal.answers("balance", "all")
    done = act("action_query_balance", message("我欠多少", "query_balance"), account_no=PARENTS)
    act("action_query_balance", message("爸妈家欠多少", "query_balance"))
    everything, one = portal.asked("balance")
    assert everything.given == {}
    assert one.given == {"account_no": PARENTS}
    assert done.said == [balance["sentence"], "utter_bills_pay_now"]
    assert done.cards == [{"kind": "balance"}]


def test_where_nothing_is_owed_nothing_is_to_be_paid(act, portal):
    balance = portal.answers("balance", "nothing")
    done = act("action_query_balance", message("我欠多少", "query_balance"))
    assert done.said == [balance["sentence"]]


def test_which_account_is_asked_once_and_the_question_is_in_the_button(act, portal):
    portal.answers("usage", "which", 409)
    done = act("action_query_usage", message("上个月用了多少度", "query_usage", period="上个月"))
    assert done.said == ["utter_which_account"]
    assert [each["title"] for each in done.buttons] == ["家里 …5603", "爸妈家 …1242", "铺子 …0318"]
    assert payload(done.buttons[1]) == ("query_usage", {"account_no": PARENTS, "period": "上个月"})


def test_the_question_of_a_button_is_answered_at_once(act, portal):
    text = f'/query_usage{{"account_no": "{PARENTS}", "period": "上个月"}}'
    said = message(text, "query_usage", account_no=PARENTS, period="上个月")
    done = act("action_query_usage", said)
    (asked,) = portal.asked("usage")
    assert asked.given == {"account_no": PARENTS, "from": "2026-10-01", "to": "2026-10-31"}
    assert done.slots["account_no"] == PARENTS


def test_an_account_that_is_not_the_customers_is_forgotten(act, portal):
    refusal = portal.answers("bills", "not_yours", 404)
    done = act(
        "action_query_bill", message("430099999999", "query_bill", account_no="430099999999")
    )
    assert done.said == [refusal["sentence"]]
    assert done.cards == [{"kind": "link", "to": "bind"}]
    assert done.slots == {"account_no": None}


def test_use_without_a_time_is_that_of_the_month_so_far(act, portal):
    use = portal.answers("usage", "month")
    done = act("action_query_usage", message("用了多少度", "query_usage"))
    assert portal.asked("usage")[0].given == {"from": "2026-11-01", "to": TODAY}
    periods = "，".join(f"{each['name']} {each['kwh']}" for each in use["by_period"])
    assert done.said[0].splitlines() == [use["sentence"], periods, use["compared"]["sentence"]]
    assert done.cards == [
        {"kind": "usage", "account_no": HOME, "from": "2026-10-01", "to": "2026-10-31"}
    ]


@pytest.mark.parametrize("text", ["离第二档还有多少度", "how much is left until the next tier"])
def test_what_is_left_of_the_tier_is_no_use_of_a_month(act, portal, text):
    done = act("action_query_usage", message(text, "query_usage"))
    assert portal.asked("usage") == []
    assert done.said == [portal.answers("tier", "first")["sentence"]]
    assert done.cards == [{"kind": "tier", "account_no": HOME}]


def test_an_account_without_tiers_has_no_card_of_them(act, portal):
    tier = portal.answers("tier", "none")
    done = act("action_query_usage", message("现在第几档", "query_usage"))
    assert done.said == [tier["sentence"]]
    assert done.cards == []


def test_why_a_bill_is_as_it_is_is_the_explanation_of_its_page(act, portal):
    portal.answers("bills", "one_month")
    why = portal.answers("bills/{bill_no}/explanation", "dearer")
    done = act("action_explain_bill", message("上个月怎么这么多", "explain_bill", period="上个月"))
    (asked,) = portal.asked("bills/{bill_no}/explanation")
    assert asked.path == "bills/B2026100000213/explanation"
    assert done.said[0] == "utter_bills_explained"
    assert done.responses[0]["headline"] == why["headline"]
    assert done.cards == [{"kind": "change", "bill_no": "B2026100000213"}]
    assert why["sentences"][0] not in done.said


def test_where_a_card_is_a_link_the_explanation_is_said(act, portal):
    why = portal.answers("bills/{bill_no}/explanation", "dearer")
    done = act("action_explain_bill", message("怎么这么多", "explain_bill"), channel_name="wechat")
    assert done.said[1].splitlines() == why["sentences"]


def test_without_a_time_the_newest_bill_is_explained(act, portal):
    act("action_explain_bill", message("电费怎么这么多", "explain_bill"))
    assert portal.asked("bills/{bill_no}/explanation")[0].path == "bills/latest/explanation"


def test_of_several_bills_one_is_chosen_to_be_explained(act, portal):
    portal.answers("bills", "several_months")
    said = message("九月到十月为什么这么多", "explain_bill", period="九月到十月")
    done = act("action_explain_bill", said)
    assert done.said == ["utter_bills_which"]
    assert [payload(each) for each in done.buttons] == [
        ("explain_bill", {"account_no": HOME, "period": "2026-10"}),
        ("explain_bill", {"account_no": HOME, "period": "2026-09"}),
    ]


def test_payments_are_told_in_the_portals_words(act, portal):
    done = act("action_payment_status", message("钱交了没到账", "payment_status"))
    assert done.said[0] == portal.answers("payments", "some")["sentence"]
    assert done.cards == [
        {"kind": "paid", "order_no": "P20261121000017"},
        {"kind": "link", "to": "payments"},
    ]


def test_prices_are_told_line_by_line(act, portal):
    tariff = portal.answers("tariff", "own")
    done = act("action_query_tariff", message("我家电价多少钱一度", "query_tariff"))
    lines = [f"{each['name']}：{each['price']}，{each['when']}" for each in tariff["lines"]]
    assert done.said[0].splitlines() == [tariff["sentence"], *lines]


def test_advice_rests_on_enough_use_and_on_a_choice(act, portal):
    done = act("action_recommend_tariff", message("哪种电价划算", "recommend_tariff"))
    assert done.cards == [{"kind": "advice", "account_no": HOME}]
    too_little = portal.answers("advice/tariff", "too_little")
    done = act("action_recommend_tariff", message("哪种电价划算", "recommend_tariff"))
    assert done.said == [too_little["sentence"]]
    assert done.cards == []


def test_tips_come_with_their_reasons(act, portal):
    advice = portal.answers("advice/saving", "own")
    done = act("action_saving_tips", message("怎么省电", "saving_tips"))
    tips = [f"· {each['sentence']}{each['why'] or ''}" for each in advice["tips"]]
    assert done.said == [advice["sentence"], "\n".join(tips)]


def test_outages_are_asked_for_at_a_place_that_was_named(act, portal):
    act("action_outage_info", message("东湖停电吗", "outage_info", address="东湖"), account_no=HOME)
    act("action_outage_info", message("哪里停电", "outage_info"), account_no=HOME)
    act("action_outage_info", message("爸妈家那边停电吗", "outage_info"))
    assert [call.given for call in portal.asked("outages")] == [
        {"address": "东湖"},
        {},
        {"account_no": PARENTS},
    ]


@pytest.mark.parametrize(
    ("period", "days"),
    [
        ("明天", ("2026-11-22", "2026-11-22")),
        ("后天", ("2026-11-23", "2026-11-23")),
        ("下周", ("2026-11-23", "2026-11-29")),
        ("tomorrow", ("2026-11-22", "2026-11-22")),
    ],
)
def test_outages_ahead_are_those_announced_for_the_days(act, portal, period, days):
    found = portal.answers("outages", "planned")
    said = message(f"{period}停电吗", "outage_info", period=period)
    done = act("action_outage_info", said)
    assert [call.given for call in portal.asked("outages")] == [{"from": days[0], "to": days[1]}]
    assert done.said == [found["sentence"]]
    assert done.cards == []


@pytest.mark.parametrize("period", ["现在", "今天", "昨天", "未来三天", "上期"])
def test_outages_of_any_other_time_are_those_that_are_known(act, portal, period):
    done = act("action_outage_info", message("停电吗", "outage_info", period=period))
    assert [(call.path, call.given) for call in portal.asked("outages")] == [("outages", {})]
    assert "utter_places_report" in done.said


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("听雨轩 3 栋 停电吗", "听雨轩 3 栋"),
        ("请问听雨轩三号楼停电了吗", "听雨轩三号楼"),
        ("柳荫路8号停电吗", "柳荫路8号"),
    ],
)
def test_a_building_is_a_place_though_nothing_marked_it(act, portal, text, place):
    done = act("action_outage_info", message(text, "outage_info"))
    assert [call.given for call in portal.asked("outages")] == [{"address": place}]
    assert done.cards == []  # the card would show outages elsewhere


@pytest.mark.parametrize(
    "text", ["下个月3号停电吗", "电话12345号", "哪里停电", "是不是3栋停电", "我们小区3栋停电吗"]
)
def test_other_numbers_are_no_place(act, portal, text):
    act("action_outage_info", message(text, "outage_info"))
    assert [call.given for call in portal.asked("outages")] == [{}]


@pytest.mark.parametrize("number", ["BX2611210001", "bx2611210001", " BX2611210001 "])
def test_a_request_is_found_by_its_number(act, portal, number):
    done = act("action_request_status", message(number, "request_status", request_no=number))
    (asked,) = portal.asked("requests/{request_no}")
    assert asked.path == "requests/BX2611210001"
    assert done.cards == [{"kind": "request", "request_no": "BX2611210001"}]


@pytest.mark.parametrize("number", ["../balance", "BX 1/2", "？"])
def test_what_cannot_be_a_number_is_not_asked_for(act, portal, number):
    act("action_request_status", message(number, "request_status", request_no=number))
    assert [call.path for call in portal.calls] == ["requests"]


def test_a_stranger_learns_how_a_request_is_followed_without_sign_in(act, portal):
    portal.answers("requests", requests=[], sentence="凭受理号就能查。")
    done = act("action_request_status", message("报的修到哪了", "request_status"), signed_in=False)
    assert done.said == ["凭受理号就能查。"]
    assert done.cards == [{"kind": "link", "to": "follow"}]


def test_halls_near_a_place(act, portal):
    done = act("action_hall_info", message("滨江路附近的营业厅", "hall_info", address="滨江路"))
    assert portal.asked("halls")[0].given == {"near": "滨江路"}
    assert done.cards == [{"kind": "halls"}]


PERSONAL = {
    "action_query_bill": ("query_bill", "bills"),
    "action_explain_bill": ("explain_bill", "bills/{bill_no}/explanation"),
    "action_query_balance": ("query_balance", "balance"),
    "action_query_usage": ("query_usage", "usage"),
    "action_recommend_tariff": ("recommend_tariff", "advice/tariff"),
    "action_payment_status": ("payment_status", "payments"),
    "action_request_status": ("request_status", "requests"),
}


@pytest.mark.parametrize("action", PERSONAL)
def test_a_stranger_is_asked_to_sign_in_and_hears_nothing_personal(act, portal, action):
    intent, path = PERSONAL[action]
    portal.answers(path, "sign_in", 403)
    done = act(action, message("…", intent), signed_in=False)
    assert done.said == ["utter_sign_in"]
    assert done.cards == [{"kind": "link", "to": "sign_in"}]
    assert portal.asked("context") == []


@pytest.mark.parametrize("action", PERSONAL)
@pytest.mark.parametrize("fault", ["silent", "broken", "nonsense"])
def test_a_portal_in_trouble_ends_in_one_kind_sentence(act, portal, monkeypatch, action, fault):
    from actions import api

    intent, path = PERSONAL[action]
    monkeypatch.setattr(api, "LIMIT", 0.1)
    if fault == "silent":
        portal.is_silent(path)
    elif fault == "broken":
        portal.breaks(path)
    else:
        portal.breaks(path, 200)
    done = act(action, message("…", intent))
    assert done.said == ["utter_trouble"]
    assert done.cards == []


def test_a_house_that_is_closed_says_so_in_its_own_words(act, portal):
    closed = portal.answers("balance", "down", 503)
    done = act("action_query_balance", message("欠多少", "query_balance"))
    assert done.said == ["utter_closed"]
    assert done.responses[0]["sentence"] == closed["sentence"]


def test_the_portal_is_asked_in_the_language_of_the_message(act, portal):
    act("action_query_balance", message("what do I owe", "query_balance"), language="en")
    assert {call.language for call in portal.calls} == {"en"}


STORES = [
    {
        "account_no": f"42007700083{place}",
        "label": f"码头路 66 号 {name}冷库",
        "tail": f"083{place}",
    }
    | {"address": f"码头路 66 号 {name}冷库", "kind": "business", "helper": False}
    for place, name in enumerate(("一号", "二号", "三号"), start=1)
]


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("二号冷库电费多少", "420077000832"),
        ("2 号冷库电费多少", "420077000832"),
        ("七号冷库电费多少", "7号冷库"),
        ("冷库电费多少", None),
        ("电费多少", PARENTS),
    ],
)
def test_another_account_is_not_answered_for_by_the_one_chosen_before(act, portal, text, given):
    act("action_query_bill", message(text, "query_bill"), account_no=PARENTS, accounts=STORES)
    assert portal.asked("bills")[0].given.get("account_no") == given
