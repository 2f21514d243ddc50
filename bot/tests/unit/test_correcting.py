"""Payments as people change their minds: another account, another sum, nothing after all."""

from typing import Any

import pytest
from stand_in import example
from utility import HOME, PARENTS, SHOP, Utility

from actions.forms import Taken
from actions.messages import Said
from actions.paying import PAYING
from actions.which import Which, meant_accounts

CONFIRM = "给爸妈家（尾号 1242）缴 ¥100.00，用微信支付。确认吗？"
RENTED = "420022660318"
PLAIN = {"address": "", "kind": "residential", "prepaid": False}
HOUSES = [
    PLAIN | {"account_no": HOME, "label": "自己家", "tail": "5603", "helper": False},
    PLAIN | {"account_no": RENTED, "label": "出租", "tail": "0318", "helper": False},
    PLAIN | {"account_no": PARENTS, "label": "爸妈家", "tail": "1242", "helper": True},
]
EVERYONE = [HOME, RENTED, PARENTS]


@pytest.fixture
def landlord(utility: Utility) -> Utility:
    """Somebody with a home, a flat that is let, and the parents' house, all in arrears."""
    utility.accounts = HOUSES
    utility.owed[RENTED] = 8000
    return utility


def begun(talk: Any) -> str:
    return talk.say("用微信给爸妈家充一百块")


@pytest.mark.parametrize(
    ("text", "before", "numbers"),
    [
        ("出租那个不要交 租客自己会交的 就交我自己家", None, [HOME]),
        ("出租那个不要交 租客自己会交的", None, [HOME, PARENTS]),
        ("只缴自己家的 出租的不缴", None, [HOME]),
        ("不对 出租的去掉", [HOME, RENTED], [HOME]),
        ("不对 出租的去掉", None, [HOME, PARENTS]),
        ("爸妈家的我来交，出租的不管", None, [PARENTS]),
        ("只要交爸妈家一户", None, [PARENTS]),
        ("除了出租都交", None, [HOME, PARENTS]),
        ("不要出租的", None, [HOME, PARENTS]),
        ("别给出租交，给爸妈家交", None, [PARENTS]),
        ("是我家不是爸妈家", None, [HOME]),
        ("不是爸妈家是我家", None, [HOME]),
        ("爸妈家和出租那边也是 三个一起", [HOME], EVERYONE),
        ("爸妈家也一起", [HOME], [HOME, PARENTS]),
        ("先付三个户", None, EVERYONE),
        ("全部", None, EVERYONE),
        ("我家要不要交", None, [HOME]),
        ("不是一百块，两百块", None, []),
        ("交三个月的", None, []),
        ("不交了", None, []),
    ],
)
def test_accounts_that_are_meant(text: str, before: list[str] | None, numbers: list[str]) -> None:
    found = meant_accounts(Said(text), HOUSES, before)
    assert (sorted(found.numbers), found.unsure) == (sorted(numbers), False)


@pytest.mark.parametrize(
    ("text", "before"),
    [("出租的不缴", [RENTED]), ("那个不要交", None), ("先付两个户", None), ("交一户就行", None)],
)
def test_what_is_not_clear_must_be_asked(text: str, before: list[str] | None) -> None:
    assert meant_accounts(Said(text), HOUSES, before) == Which([], unsure=True)


def test_once_is_not_one_yuan(talk: Any, landlord: Utility) -> None:
    assert talk.say("给我自己家交一下电费").startswith("给自己家（尾号 5603）缴 ¥149.51")


def test_a_denied_sum_goes_back_to_all_that_is_owed(talk: Any, utility: Utility) -> None:
    begun(talk)
    assert "缴 ¥52.56" in talk.say("哎哎不是一百块钱 是把欠的全部交清")
    assert utility.posted("payments/quote")[-1]["account_nos"] == [PARENTS]


@pytest.mark.parametrize(
    ("text", "fen"), [("我家的电费先付一半", 7476), ("我家的电费先交三分之一", 4984)]
)
def test_a_share_of_what_is_owed(talk: Any, utility: Utility, text: str, fen: int) -> None:
    talk.say(text)
    quoted = utility.posted("payments/quote")[-1]
    assert (quoted["account_nos"], quoted["amount_fen"]) == ([HOME], fen)


def test_a_share_is_that_of_another_account(talk: Any, utility: Utility) -> None:
    assert "¥74.76" in talk.say("我家的电费先付一半")
    assert "¥74.76，用微信" in talk.say("微信")
    assert "给爸妈家（尾号 1242）缴 ¥26.28，用微信" in talk.say("不是我家，是爸妈家")
    assert "给爸妈家（尾号 1242）缴 ¥52.56，用微信" in talk.say("算了还是欠的全交清吧")


def test_a_share_of_several_asks_which(talk: Any, utility: Utility) -> None:
    talk.say("缴电费")
    assert talk.say("先付一半").startswith("给哪一户缴？")
    assert talk.titles == ["家里 …5603", "爸妈家 …1242", "不缴了"]
    assert "给家里（尾号 5603）缴 ¥74.76" in talk.tap("家里 …5603")


@pytest.mark.parametrize("words", ["好咯好咯 就这样缴", "不改了", "确认", "不用改", "没有"])
def test_nothing_to_change_leads_back_to_the_confirmation(
    talk: Any, utility: Utility, words: str
) -> None:
    begun(talk)
    talk.tap("改一下")
    assert talk.say(words) == CONFIRM
    assert not talk.cards
    talk.say("确认")
    assert [each["kind"] for each in talk.cards] == ["payment"]


def test_the_buttons_of_a_change(talk: Any, utility: Utility) -> None:
    begun(talk)
    talk.tap("改一下")
    assert talk.titles == ["金额", "户号", "付款方式", "不改了", "不缴了"]
    assert talk.tap("不改了") == CONFIRM


def test_a_person_can_be_tapped_where_one_is_offered(talk: Any, utility: Utility) -> None:
    begun(talk)
    talk.tap("改一下")
    talk.say("嘟嘟")
    assert "找人工" not in talk.titles
    talk.say("嘟嘟嘟")
    assert talk.titles == ["金额", "户号", "付款方式", "不改了", "不缴了", "找人工"]


@pytest.mark.parametrize("word", ["不", "不要", "不缴了"])
def test_a_no_to_the_change_leaves(talk: Any, utility: Utility, word: str) -> None:
    begun(talk)
    talk.tap("改一下")
    assert talk.say(word).startswith("好，先不办了")


def test_what_is_wrong_without_a_word_of_it_is_asked_again(talk: Any, utility: Utility) -> None:
    begun(talk)
    talk.tap("改一下")
    assert talk.say("不对").startswith("没听出要改哪里")


@pytest.mark.parametrize("words", ["一百就行了", "还是一百吧", "改成一百"])
def test_another_sum_while_the_way_is_asked(talk: Any, utility: Utility, words: str) -> None:
    assert "¥200.00。用哪种方式付？" in talk.say("给我家充两百块")
    assert talk.say(words) == "给家里（尾号 5603）缴 ¥100.00。用哪种方式付？"


def test_an_excluded_account_is_not_paid_for(talk: Any, landlord: Utility) -> None:
    talk.say("缴电费")
    said = talk.say("出租那个不要交 租客自己会交的 就交我自己家")
    assert said == "给自己家（尾号 5603）缴 ¥149.51。用哪种方式付？"
    talk.say("微信")
    talk.tap("确认")
    assert talk.cards[0]["account_nos"] == [HOME]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("不对 出租的那一户给我去掉嘛", [HOME, PARENTS]), ("把出租的那一户给我解绑了算了", None)],
)
def test_leaving_out_is_not_unbinding(text: str, numbers: list[str] | None) -> None:
    draft = {"accounts": HOUSES, "account_nos": None, "amount_fen": None, "step": "channel"}
    changed = PAYING.changes(Said(text, "unbind_account", confidence=0.53), draft)
    assert changed.get("account_nos") == numbers


def test_what_is_left_out_already_is_not_unbound() -> None:
    draft = {"accounts": HOUSES, "account_nos": [HOME], "amount_fen": None, "step": "channel"}
    said = Said("不对 出租的那一户给我去掉嘛", "unbind_account", confidence=0.53)
    assert PAYING.changes(said, draft) == {}
    assert PAYING._decide(said, draft) == Taken(draft | {"step": None})


@pytest.mark.parametrize("words", ["给我家先交一部分电费", "给我家充一点电费"])
def test_a_part_is_asked_for_its_sum(talk: Any, utility: Utility, words: str) -> None:
    assert talk.say(words).startswith("缴多少？")
    assert talk.say("六十") == "给家里（尾号 5603）缴 ¥60.00。用哪种方式付？"


def test_a_sum_takes_the_place_of_a_month(talk: Any, utility: Utility) -> None:
    bill = example("bills")["bills"][0] | {"state": "open"}
    utility.portal.answers("bills", bills=[bill])
    talk.say('/pay_bill{"period":"10月","account_no":"420011875603"}', payload=True)
    assert talk.say("微信").endswith("确认吗？")
    talk.tap("改一下")
    talk.tap("金额")
    talk.say("六十")
    quoted = utility.posted("payments/quote")[-1]
    assert quoted == {"account_nos": [HOME], "amount_fen": 6000, "channel": "wechat"}


def test_which_account_is_answered_with_what_is_left_out(talk: Any, landlord: Utility) -> None:
    talk.say("用微信给爸妈家充一百块")
    talk.tap("改一下")
    talk.tap("户号")
    said = talk.say("只缴自己家的 出租的不缴")
    assert said == "给自己家（尾号 5603）缴 ¥100.00，用微信支付。确认吗？"


def test_all_by_a_button(talk: Any, landlord: Utility) -> None:
    talk.say("用微信交自己家的")
    talk.tap("改一下")
    assert talk.tap("户号") == "给哪一户缴？"
    assert talk.titles == ["自己家 …5603", "出租 …0318", "爸妈家 …1242", "全部", "不缴了"]
    said = talk.tap("全部")
    assert "自己家" in said
    assert "出租" in said
    assert "爸妈家" in said


def test_others_are_added(talk: Any, landlord: Utility) -> None:
    talk.say("用微信交自己家的")
    said = talk.say("爸妈家和出租那边也是 三个一起")
    assert [name in said for name in ("自己家", "出租", "爸妈家")] == [True, True, True]


def test_a_sum_of_one_s_own_is_for_one_account(talk: Any, landlord: Utility) -> None:
    begun(talk)
    assert talk.say("三户都交").startswith("自己定数目的，一次给一户缴。")
    said = talk.say("欠的全部交清")
    assert "¥149.51" in said
    assert "¥80.00" in said


def test_accounts_are_no_way_to_pay(talk: Any, landlord: Utility) -> None:
    talk.say("缴电费")
    said = talk.say("先付三个户")
    assert said.endswith("用哪种方式付？")
    assert "这里能用微信支付" not in said


def test_automatic_paying_is_led_to_its_page(talk: Any, utility: Utility) -> None:
    said = talk.say("帮爸妈屋里开个自动缴费")
    assert said.startswith("自动缴在下面这一页开")
    assert talk.cards == [{"kind": "link", "to": "agreements"}]
    assert not utility.posted("payments/quote")


def test_automatic_paying_is_led_to_within_a_payment(talk: Any, utility: Utility) -> None:
    begun(talk)
    said = talk.say("帮爸妈屋里开个自动缴费")
    assert said.startswith("自动缴在下面这一页开")
    assert said.endswith(CONFIRM)


def test_a_failed_debit_is_paid_by_hand(talk: Any, utility: Utility) -> None:
    said = talk.say("代扣没扣成，给我家交一下电费")
    assert said.startswith("给家里（尾号 5603）缴 ¥149.51")


def test_by_hand_is_not_automatic(talk: Any, utility: Utility) -> None:
    assert "¥98.00" in talk.say("开通银行代扣不用，我手动给我家交，九十八块")


def test_nobody_s_account_is_bound(talk: Any, utility: Utility) -> None:
    utility.accounts = []
    assert talk.say("缴电费") == "您名下还没有绑定户号，绑好就能缴。"
    assert talk.cards == [{"kind": "link", "to": "bind"}]


def test_the_last_account_is_unbound_meanwhile(talk: Any, utility: Utility) -> None:
    talk.say("缴电费")
    utility.accounts = []
    assert talk.say("微信") == "您名下还没有绑定户号，绑好就能缴。"
    assert talk.cards == [{"kind": "link", "to": "bind"}]


def test_nothing_owed_is_said_of_who_has_an_account(talk: Any, utility: Utility) -> None:
    utility.owed = {HOME: 0, PARENTS: 0, SHOP: 0}
    assert talk.say("缴电费") == "没有要缴的。\n想先存一点吗？存多少？"
