"""A typed answer that means one of the buttons just offered."""

import pytest

from channels.answers import collected
from channels.tapped import meant

ACCOUNTS = [
    {"title": "家里 …5603", "payload": "/a"},
    {"title": "爸妈家 …1242", "payload": "/b"},
    {"title": "铺子 …0318", "payload": "/c"},
]


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("爸妈家", "/b"),
        ("爸妈家 …1242", "/b"),
        ("1242", "/b"),
        ("第二个", "/b"),
        ("第3个", "/c"),
        ("2", "/b"),
        ("选第一个", "/a"),
        ("the second one", "/b"),
        ("First", "/a"),
        ("家里。", "/a"),
        ("第四个", None),
        ("0", None),
        ("12", None),
        ("我家里停电了", None),
        ("爸妈家电费多少", None),
        ("", None),
    ],
)
def test_a_button_is_meant_by_its_title_its_label_its_digits_or_its_place(text, payload):
    assert meant(text, ACCOUNTS) == payload


def test_a_label_that_two_accounts_have_means_neither():
    twins = [{"title": "家 …0001", "payload": "/a"}, {"title": "家 …0002", "payload": "/b"}]
    assert meant("家", twins) is None
    assert meant("0002", twins) == "/b"


def test_nothing_is_meant_where_nothing_was_offered():
    assert meant("1", []) is None


def test_cards_and_buttons_join_the_words_before_them_and_the_last_buttons_stand_last():
    card = {"kind": "menu"}
    assert collected(
        [
            {"text": "一", "buttons": [{"title": "甲", "payload": "/help"}]},
            {"text": None, "custom": {"card": card}},
            {"text": None, "custom": {"card": card}},
            {"text": "二", "buttons": None},
            {"text": "", "buttons": [{"title": "乙", "payload": "/affirm"}]},
            {"text": "", "buttons": [{"title": "丙", "payload": "/deny", "type": "x"}]},
        ]
    ) == [
        {"text": "一", "card": card},
        {"text": "", "card": card},
        {
            "text": "二",
            "buttons": [
                {"title": "乙", "payload": "/affirm"},
                {"title": "丙", "payload": "/deny"},
            ],
        },
    ]


STORES = [
    {
        "title": f"码头路 66 号 {number}号冷库 …083{place}",
        "payload": f'/query_bill{{"account_no":"42007700083{place}"}}',
    }
    for place, number in enumerate("一二三四五六", start=1)
]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("一号冷库", 1),
        ("6号冷库", 6),
        ("就三号冷库吧", 3),
        ("三号冷库的", 3),
        ("六号", 6),
        ("三号库", 3),
        ("码头路66号四号冷库", 4),
        ("0832", 2),
        ("0832那个", 2),
        ("00832", 2),
        ("七号冷库", None),
        ("冷库", None),
        ("三号冷库电费多少", None),
    ],
)
def test_an_account_is_meant_by_what_tells_it_apart(text, place):
    assert meant(text, STORES) == (place and STORES[place - 1]["payload"])
