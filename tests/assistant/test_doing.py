"""What is done in a conversation is done once, after a yes, and stands on the pages."""

import re

import pytest

from tests.assistant.conftest import AHEAD, ELDERS, HOME, PANELS, SHOP, Talk
from tests.service.requests.papers import picture
from tests.talking import Talker, words

pytestmark = pytest.mark.assistant

NUMBER = re.compile(r"\b[A-Z]{2}\d{10}\b")


def numbers(talker: Talker) -> set[str]:
    """Of this person's requests, as their page lists them."""
    return set(NUMBER.findall(talker.client.get("/requests").text))


def test_money_needs_a_yes_to_account_amount_and_way(talk: Talk) -> None:
    home = talk(HOME)
    asked = home.say("用支付宝给爸妈家充一百块").whole
    assert "¥100.00" in asked
    assert "支付宝" in asked
    assert "¥200.00" in home.say("改成两百").whole
    paid = home.say("确认")
    assert "¥200.00" in paid.whole.replace("¥ ", "¥"), paid
    assert home.client.get("/payments").text.count("¥200.00") == 0


def test_no_is_no(talk: Talk) -> None:
    shop = talk(SHOP)
    shop.say("缴电费")
    answer = shop.say("算了不缴了")
    assert answer.from_assistant
    assert "确认吗" not in shop.say("好的").whole


def test_a_meter_check_is_filed_once_and_withdrawn(talk: Talk) -> None:
    elders = talk(ELDERS)
    before = numbers(elders)
    assert "走得太快" in elders.say("电表走得不对，帮我校表").buttons
    assert "提交" in elders.say("转得太快了").buttons
    assert numbers(elders) == before
    done = elders.say("确认").whole
    (number,) = numbers(elders) - before
    assert number in done, done
    assert elders.say("确认").from_assistant
    assert numbers(elders) - before == {number}
    assert number in elders.say("我的校表申请到哪一步了").whole
    elders.say(f"取消申请{number}")
    elders.say("是的")
    assert "撤回了" in elders.client.get(f"/requests/{number}").text


def test_a_reading_goes_through_with_its_photo(talk: Talk) -> None:
    """A yes without the photo is refused kindly; the same yes goes through once it is there."""
    payer = talk(AHEAD)
    before = numbers(payer)
    assert "读数" in payer.say("报个读数").whole
    assert "没有照片办不了" in payer.say("12045").whole
    assert "没有照片核对不了" in payer.say("提交").whole
    assert numbers(payer) == before
    draft = re.search(r'name="draft" value="(\w+)"', payer.client.get("/chat").text)
    assert draft
    photo = {"photos": ("meter.jpg", picture(), "image/jpeg")}
    token = {"csrf_token": payer.token, "draft": draft[1]}
    sent = payer.client.post("/chat/photo", data=token, files=photo)
    assert "收到 1 张照片。" in words(sent.text)
    done = payer.say("提交").whole
    (number,) = numbers(payer) - before
    assert number in done, done
    assert number in payer.say("我有哪些申请").whole


def test_danger_comes_first_even_in_a_form(talk: Talk) -> None:
    home = talk(PANELS)
    home.say("缴电费")
    answer = home.say("电线杆冒火花了！").whole
    assert "96000" in answer
    assert answer.index("96000") < 200


def test_two_wishes_are_served_one_after_the_other(talk: Talk) -> None:
    answer = talk(HOME).say("我欠多少钱，另外营业厅在哪").whole
    assert "¥" in answer
    assert "营业厅" in answer
