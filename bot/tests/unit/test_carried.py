"""A message that changes only a part of the question before."""

from datetime import date

import pytest

from channels.carried import carried

TODAY = date(2026, 11, 21)
QUESTION = {"intent": "query_usage", "period": "上个月", "account_no": "420011875603"}
ACCOUNTS = [
    {"account_no": "420011875603", "label": "家里", "tail": "5603"},
    {"account_no": "420011871242", "label": "爸妈家", "tail": "1242"},
]


def entities(text):
    found = carried(text, QUESTION, ACCOUNTS, TODAY)
    return found and {each["entity"]: each["value"] for each in found["entities"]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("那上个月呢", {"period": "上个月"}),
        ("那上个月的呢？", {"period": "上个月"}),
        ("去年夏天呢", {"period": "去年夏天"}),
        ("三月到五月", {"period": "三月到五月"}),
        ("那么前天呢", {"period": "前天"}),
        ("爸妈家呢", {"account_no": "420011871242"}),
        ("那爸妈家的呢", {"account_no": "420011871242"}),
        ("爸妈家上个月的呢", {"account_no": "420011871242", "period": "上个月"}),
        ("and last month?", {"period": "last month"}),
        ("what about March", {"period": "March"}),
    ],
)
def test_a_new_time_or_account_asks_the_same_again(text, said):
    assert entities(text) == said
    assert carried(text, QUESTION, ACCOUNTS, TODAY)["intent"]["name"] == "query_usage"


@pytest.mark.parametrize(
    "text",
    [
        "上个月电费多少",
        "那停电呢",
        "好的",
        "呢",
        "为什么",
        "爸妈家停电了",
        "那我先缴上个月的费用吧，然后再看别的事情好了",
    ],
)
def test_a_message_with_its_own_question_is_left_alone(text):
    assert entities(text) is None


def test_without_a_question_before_nothing_is_carried():
    assert carried("那上个月呢", None, ACCOUNTS, TODAY) is None


def test_the_part_of_a_label_that_tells_it_apart_asks_the_same_of_that_account():
    stores = [
        {"account_no": f"42007700083{each}", "label": f"码头路 66 号 {number}号冷库"}
        for each, number in enumerate("一二三", start=1)
    ]
    for text, said in (
        ("那三号冷库呢", {"account_no": "420077000833"}),
        ("0832", {"account_no": "420077000832"}),
        ("2号冷库上个月的呢", {"account_no": "420077000832", "period": "上个月"}),
    ):
        found = carried(text, QUESTION, stores, TODAY)
        assert {each["entity"]: each["value"] for each in found["entities"]} == said
