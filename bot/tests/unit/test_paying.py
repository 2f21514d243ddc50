"""Paying in whole conversations: never money without account, sum, way and a clear yes."""

from typing import Any

import pytest
from stand_in import example
from utility import HOME, PARENTS, SHOP, Utility

CONFIRM = "给爸妈家（尾号 1242）缴 ¥100.00，用微信支付。确认吗？"


def cards(talk: Any) -> list[str]:
    return [each["kind"] for each in talk.cards]


def begun(talk: Any) -> str:
    return talk.say("用微信给爸妈家充一百块")


def test_several_slots_at_once_one_confirmation_then_the_card(talk: Any, utility: Utility) -> None:
    assert begun(talk) == CONFIRM
    assert talk.titles == ["确认", "改一下", "不缴了"]
    assert not talk.cards
    talk.tap("确认")
    assert talk.cards == [
        {
            "kind": "payment",
            "account_nos": [PARENTS],
            "amount_fen": 10000,
            "bill_no": None,
            "channel": "wechat",
        }
    ]


def test_what_was_not_said_is_asked(talk: Any, utility: Utility) -> None:
    assert "用哪种方式付？" in talk.say("缴费")
    assert "给家里（尾号 5603）缴 ¥149.51，给爸妈家（尾号 1242）缴 ¥52.56" in talk.say("支付宝")
    assert talk.say("只交我家的") == "给家里（尾号 5603）缴 ¥149.51，用支付宝。确认吗？"
    talk.say("好的谢谢")
    assert talk.cards[0]["account_nos"] == [HOME]
    assert talk.cards[0]["amount_fen"] is None


@pytest.mark.parametrize("answer", ["谢谢", "嗯？", "多少钱", "好，不过金额不对", "不", "别扣钱"])
def test_nothing_but_a_clear_yes_shows_the_card(talk: Any, utility: Utility, answer: str) -> None:
    begun(talk)
    talk.say(answer)
    assert "payment" not in cards(talk)


@pytest.mark.parametrize(
    ("correction", "shown"),
    [
        ("不是一百块，两百块", "给爸妈家（尾号 1242）缴 ¥200.00，用微信支付。确认吗？"),
        ("换支付宝", "给爸妈家（尾号 1242）缴 ¥100.00，用支付宝。确认吗？"),
        ("是我家不是爸妈家", "给家里（尾号 5603）缴 ¥100.00，用微信支付。确认吗？"),
    ],
)
def test_a_correction_is_shown_anew(
    talk: Any, utility: Utility, correction: str, shown: str
) -> None:
    begun(talk)
    assert talk.say(correction) == shown
    assert not talk.cards
    talk.say("确认")
    assert cards(talk) == ["payment"]


def test_change_by_buttons(talk: Any, utility: Utility) -> None:
    begun(talk)
    assert talk.tap("改一下").startswith("要改哪里？")
    assert talk.tap("金额").startswith("缴多少？")
    assert talk.tap("¥50") == "给爸妈家（尾号 1242）缴 ¥50.00，用微信支付。确认吗？"
    talk.tap("改一下")
    assert talk.tap("付款方式") == "给爸妈家（尾号 1242）缴 ¥50.00。用哪种方式付？"
    assert "用支付宝。确认吗？" in talk.tap("支付宝")
    talk.tap("改一下")
    assert talk.tap("户号") == "给哪一户缴？"
    assert "给铺子（尾号 0318）" in talk.tap("铺子 …0318")


def test_an_old_yes_is_none_for_another_sum(talk: Any, utility: Utility) -> None:
    talk.say("缴费")
    talk.say("支付宝")
    assert talk.say("只交我家的").startswith("给家里")
    utility.owed[HOME] = 20000
    assert "按现在的再确认一次" in talk.say("确认")
    assert not talk.cards
    talk.say("确认")
    assert cards(talk) == ["payment"]


@pytest.mark.parametrize("word", ["算了", "不交了", "先等等"])
def test_leaving_leaves_at_once(talk: Any, utility: Utility, word: str) -> None:
    begun(talk)
    assert talk.say(word).startswith("好，先不办了")
    talk.say("确认")
    assert not talk.cards


def test_nothing_owed_offers_to_pay_in_advance(talk: Any, utility: Utility) -> None:
    assert talk.say("铺子交电费") == "没有要缴的。\n想先存一点吗？存多少？"
    assert talk.say("100") == "给铺子（尾号 0318）缴 ¥100.00。用哪种方式付？"
    talk.tap("微信支付")
    talk.tap("确认")
    assert talk.cards[0] | {"kind": "payment"} == {
        "kind": "payment",
        "account_nos": [SHOP],
        "amount_fen": 10000,
        "bill_no": None,
        "channel": "wechat",
    }


def test_nothing_owed_and_no_wish_to_pay_leaves(talk: Any, utility: Utility) -> None:
    talk.say("铺子交电费")
    assert talk.tap("不用了").startswith("好，先不办了")


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [("一百万块", "一次最多缴"), ("-5", "最少缴"), ("0", "最少缴"), ("说不好", "没听出是多少钱")],
)
def test_sums_that_cannot_be(talk: Any, utility: Utility, amount: str, sentence: str) -> None:
    begun(talk)
    talk.tap("改一下")
    talk.tap("金额")
    assert sentence in talk.say(amount)
    assert "缴多少？" in talk.heard[-1]["text"]
    assert "给爸妈家（尾号 1242）缴 ¥50.00" in talk.say("五十块")


def test_after_two_failures_a_person_is_offered(talk: Any, utility: Utility) -> None:
    begun(talk)
    talk.tap("改一下")
    talk.tap("户号")
    talk.say("嘟嘟")
    assert "也可以让同事来帮您" in talk.say("嘟嘟嘟")


def test_another_s_account_is_refused_with_the_way_on(talk: Any, utility: Utility) -> None:
    said = talk.say("给430012345678交100")
    assert said.startswith("您的名下没有这个户号。")
    assert talk.titles == ["家里 …5603", "爸妈家 …1242", "铺子 …0318", "不缴了"]
    assert talk.tap("家里 …5603").startswith("给家里（尾号 5603）缴 ¥100.00。")


def test_a_question_is_answered_and_the_form_comes_back(talk: Any, utility: Utility) -> None:
    begun(talk)
    said = talk.say("上个月电费多少")
    assert said.startswith("家里 10 月 ¥149.51")
    assert said.endswith(CONFIRM)
    talk.say("确认")
    assert cards(talk) == ["payment"]


def test_another_wish_waits_and_is_served(talk: Any, utility: Utility) -> None:
    begun(talk)
    said = talk.say("我要开发票")
    assert said.startswith("记下了，手上这件办完就办那件。")
    assert said.endswith(CONFIRM)
    assert "确认开票吗？" in talk.say("确认")
    assert "payment" in cards(talk)


def test_a_person_ends_the_form(talk: Any, utility: Utility) -> None:
    begun(talk)
    assert talk.say("转人工").startswith("已经为您转人工")
    talk.say("确认")
    assert not talk.cards


@pytest.mark.parametrize("silent", ["context", "handoff"])
def test_a_person_who_cannot_be_asked_ends_the_form_too(
    talk: Any, utility: Utility, silent: str
) -> None:
    begun(talk)
    utility.silent = {silent}
    assert talk.say("转人工").startswith("刚才没有办成。")
    utility.silent = set()
    talk.say("确认")
    assert not talk.cards


def test_signing_in_first_and_going_on_with_what_was_said(talk: Any, utility: Utility) -> None:
    talk.signed_in = utility.signed_in = False
    assert begun(talk).startswith("这件事要先登录。")
    assert talk.cards == [{"kind": "link", "to": "sign_in"}]
    assert "还没有登录成功" in talk.say("好了")
    talk.signed_in = utility.signed_in = True
    assert talk.say("登录好了") == CONFIRM


def test_a_stranger_may_ask_and_leave(talk: Any, utility: Utility) -> None:
    talk.signed_in = utility.signed_in = False
    begun(talk)
    assert "度" in talk.say("电价多少钱一度")
    assert talk.cards[-1] == {"kind": "link", "to": "sign_in"}
    assert talk.say("算了").startswith("好，先不办了")


def test_the_portal_silent_changes_nothing_and_says_so(talk: Any, utility: Utility) -> None:
    utility.silent = {"payments"}
    said = begun(talk)
    assert not talk.cards
    assert said
    utility.silent = set()
    assert begun(talk) == CONFIRM


def test_silent_at_the_yes_asks_for_it_once_more(talk: Any, utility: Utility) -> None:
    begun(talk)
    utility.silent = {"payments"}
    said = talk.say("确认")
    assert said == f"刚才没有收到回音。同一件事不会办两次，再确认一次就行。\n{CONFIRM}"
    assert not talk.cards
    utility.silent = set()
    talk.say("确认")
    assert cards(talk) == ["payment"]


def test_the_open_bill_of_the_month_that_was_said(talk: Any, utility: Utility) -> None:
    bill = example("bills")["bills"][0] | {"state": "open"}
    utility.portal.answers("bills", bills=[bill])
    talk.say('/pay_bill{"period":"10月","account_no":"420011875603"}', payload=True)
    assert utility.portal.asked("bills")[0].given == {
        "from": "2026-10-01",
        "to": "2026-10-31",
        "account_no": HOME,
    }
    quoted = utility.portal.asked("payments/quote")[0].given
    assert quoted == {"account_nos": [HOME], "bill_no": bill["bill_no"]}


def test_english(talk: Any, utility: Utility) -> None:
    talk.language = "en"
    talk.say("I want to pay 200 yuan for my parents with Alipay")
    assert talk.titles == ["Confirm", "Change something", "Don't pay"]
    assert talk.heard[-1]["text"].endswith("Is that right?")
    assert "nothing is charged before that" in talk.say("yes please")
    assert talk.cards[0]["amount_fen"] == 20000
    assert talk.cards[0]["channel"] == "alipay"


def test_a_number_that_is_slang_for_goodbye_is_a_sum(talk: Any, utility: Utility) -> None:
    begun(talk)
    talk.tap("改一下")
    talk.tap("金额")
    assert "给爸妈家（尾号 1242）缴 ¥88.00" in talk.say("88")


def test_a_general_question_is_answered_from_the_faq(talk: Any, utility: Utility) -> None:
    begun(talk)
    said = talk.say("什么是阶梯电价？")
    assert said.endswith(CONFIRM)
    assert said != CONFIRM


def test_a_button_of_another_answer_is_no_answer(talk: Any, utility: Utility) -> None:
    begun(talk)
    talk.say("/query_tariff", payload=True)
    said = talk.say('/out_of_scope{"choice":"阶梯电价怎么算"}', payload=True)
    assert said.endswith(CONFIRM)
    assert "没听清" not in said
