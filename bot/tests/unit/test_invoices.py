"""Invoices and taking requests back."""

from typing import Any

import pytest
from stand_in import example
from utility import Utility


def test_an_invoice_on_the_usual_title(talk: Any, utility: Utility) -> None:
    said = talk.say("/request_invoice", payload=True)
    assert said.startswith("9 月有 1 份账单可以开票，一共 ¥67.04。抬头是王*华")
    assert "发到 wang@example.com。确认开票吗？" in talk.say("发到wang@example.com")
    talk.tap("确认开票")
    (asked,) = utility.portal.asked("invoices")
    assert {name: asked.given[name] for name in ("bill_nos", "title_id", "email")} == {
        "bill_nos": ["B2026090000213"],
        "title_id": 7,
        "email": "wang@example.com",
    }
    assert talk.cards[0]["kind"] == "invoice"


def test_another_title(talk: Any, utility: Utility) -> None:
    talk.say("/request_invoice", payload=True)
    talk.tap("换抬头")
    assert "抬头是江城清和茶业有限公司" in talk.tap("江城清和茶业有限公司")


def test_no_invoice_without_a_yes(talk: Any, utility: Utility) -> None:
    talk.say("/request_invoice", payload=True)
    talk.say("谢谢")
    talk.say("算了")
    assert utility.portal.asked("invoices") == []


@pytest.mark.parametrize("name", ["nothing", "no_title"])
def test_nothing_to_invoice_leads_to_the_page(talk: Any, utility: Utility, name: str) -> None:
    utility.portal.answers("invoices/offer", name)
    talk.say("/request_invoice", payload=True)
    assert talk.cards == [{"kind": "link", "to": "invoices"}]
    assert talk.say("确认")
    assert utility.portal.asked("invoices") == []


def filed(talk: Any) -> None:
    talk.say("投诉你们抄表员，态度太差")
    talk.say("提交")


def cancelled(utility: Utility) -> list[str]:
    return [call.path for call in utility.portal.asked("requests/{request_no}/cancel")]


def test_the_only_request_is_taken_back_after_a_yes(talk: Any, utility: Utility) -> None:
    filed(talk)
    said = talk.say("/cancel_request", payload=True)
    assert said == "撤销投诉、意见 BX2611210001（今天 13:20 提交的），确认吗？"
    assert cancelled(utility) == []
    assert "已经撤销" in talk.tap("确认撤销")
    assert cancelled(utility) == ["requests/BX2611210001/cancel"]


def test_which_one_is_asked_when_there_are_several(talk: Any, utility: Utility) -> None:
    filed(talk)
    filed(talk)
    assert talk.say("/cancel_request", payload=True) == "要撤哪一件？"
    assert talk.titles == ["投诉、意见 …0001", "投诉、意见 …0002"]
    talk.tap("投诉、意见 …0002")
    talk.tap("确认撤销")
    assert cancelled(utility) == ["requests/BX2611210002/cancel"]


def test_keeping_it(talk: Any, utility: Utility) -> None:
    filed(talk)
    talk.say("/cancel_request", payload=True)
    talk.tap("不撤了")
    talk.say("确认")
    assert cancelled(utility) == []


def test_nothing_to_take_back(talk: Any, utility: Utility) -> None:
    assert talk.say("/cancel_request", payload=True) == "您没有能撤的申请。"


def test_a_number_that_is_nobody_s(talk: Any, utility: Utility) -> None:
    said = talk.say('/cancel_request{"request_no":"BX2611219999"}', payload=True)
    assert said == example("requests/{request_no}", 404, "request")["sentence"]


def test_a_title_by_its_kind(talk: Any, utility: Utility) -> None:
    talk.say("/request_invoice", payload=True)
    assert "抬头是江城清和茶业有限公司" in talk.say("开给公司")
