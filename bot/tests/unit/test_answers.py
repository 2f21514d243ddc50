"""What an answer inside a form means."""

import re
from pathlib import Path

import pytest
import yaml

from actions.answers import (
    is_address,
    is_clear_yes,
    is_no,
    is_question,
    is_stop,
    mail_of,
    phone_of,
)

TALK = Path(__file__).parents[2] / "data" / "nlu" / "talk.yml"


def examples(intent: str) -> list[str]:
    taught = yaml.safe_load(TALK.read_text("utf-8"))["nlu"]
    found = next(each["examples"] for each in taught if each.get("intent") == intent)
    lines = [line.removeprefix("- ") for line in found.strip().splitlines()]
    return [re.sub(r"\[([^\]]*)\]\([a-z_]+\)", r"\1", line) for line in lines]


@pytest.mark.parametrize("text", examples("deny"))
def test_no_denial_is_a_yes_whatever_it_is_taken_for(text: str) -> None:
    assert not is_clear_yes("deny", text)
    assert not is_clear_yes("affirm", text)


def test_a_button_with_a_choice_is_no_yes() -> None:
    assert is_clear_yes("affirm", "/affirm")
    assert not is_clear_yes("affirm", '/affirm{"choice":"phone"}')


@pytest.mark.parametrize("text", examples("thanks"))
def test_thanks_alone_are_no_consent(text: str) -> None:
    assert not is_clear_yes("thanks", text)


def test_nearly_all_ways_of_saying_yes_are_clear() -> None:
    unclear = [text for text in examples("affirm") if not is_clear_yes("affirm", text)]
    assert unclear == ["可以，先查欠多少再扣我也放心", "对，全屋都没电，你就这么写"]


@pytest.mark.parametrize("text", ["好的谢谢", "好，谢谢", "ok thanks", "谢谢，那就麻烦帮我交了"])
def test_thanks_with_consent_are_consent(text: str) -> None:
    assert is_clear_yes("thanks", text)


@pytest.mark.parametrize(
    "text",
    ["确认付款", "付吧", "交吧", "提交", "ok", "没问题", "没得问题", "yes please", "对的，报吧"],
)
def test_plain_words_of_consent_count_whatever_they_are_taken_for(text: str) -> None:
    assert is_clear_yes("nlu_fallback", text)


@pytest.mark.parametrize(
    "text",
    ["好，不过金额不对", "可以吗", "行，改成两百", "等等，先别交", "yes but not now"],
)
def test_a_yes_with_a_doubt_is_none(text: str) -> None:
    assert not is_clear_yes("affirm", text)
    assert not is_clear_yes("query_balance", text)


@pytest.mark.parametrize(
    "text",
    [
        "算了",
        "不办了",
        "先等等",
        "先不交了",
        "算了算了 太麻烦了不弄了",
        "never mind",
        "stop",
        "我不交了",
    ],
)
def test_leaving(text: str) -> None:
    assert is_stop("deny", text)


def test_never_mind_leaves_whatever_it_is_taken_for() -> None:
    assert is_stop("affirm", "算了，还是打电话吧")


@pytest.mark.parametrize(
    "text", ["算了我还是现在把它交了吧", "不是一百，两百", "换支付宝", "不用支付宝，用微信"]
)
def test_a_new_wish_is_no_leaving(text: str) -> None:
    assert not is_stop("pay_bill", text)


@pytest.mark.parametrize(("text", "no"), [("不对", True), ("no", True), ("No, wrong", True)])
def test_denying(text: str, no: bool) -> None:
    assert is_no("nlu_fallback", text) is no


@pytest.mark.parametrize("text", ["no power at all", "没电", "normal"])
def test_what_only_begins_like_a_no(text: str) -> None:
    assert not is_no("report_outage", text)


@pytest.mark.parametrize("text", ["多少钱", "可以吗", "什么时候来", "why is it so high", "几点"])
def test_questions(text: str) -> None:
    assert is_question(text)


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("13800001234", "13800001234"),
        ("电话是 138 0000 1234", "13800001234"),
        ("幺三八零零零零幺二三四", "13800001234"),
        ("027-87654321", "02787654321"),
        ("1380000", None),
        ("430012345678", None),
        ("没有", None),
    ],
)
def test_phones(text: str, phone: str | None) -> None:
    assert phone_of(text) == phone


@pytest.mark.parametrize(("text", "is_one"), [("家", False), ("那边", False), ("柳荫路8号", True)])
def test_an_address_of_one_word_leads_nowhere(text: str, is_one: bool) -> None:
    assert is_address(text) is is_one


def test_mail() -> None:
    assert mail_of("发到 wang@example.com 吧") == "wang@example.com"
    assert mail_of("发到邮箱") is None
