"""Which account a message means."""

from typing import Any

import pytest
from stand_in import example
from utility import HOME, PARENTS, SHOP

from actions.accounts import named
from actions.messages import Said

ACCOUNTS = example("context")["accounts"]


def said(text: str, **entities: Any) -> Said:
    return Said(
        text, "pay_bill", [{"entity": name, "value": each} for name, each in entities.items()]
    )


@pytest.mark.parametrize(
    ("message", "numbers"),
    [
        (said("用微信给爸妈家充一百块"), [PARENTS]),
        (said("给我妈那屋交"), [PARENTS]),
        (said("pay for my parents"), [PARENTS]),
        (said("是我家不是爸妈家"), [HOME]),
        (said("不是爸妈家，是家里的"), [HOME]),
        (said("尾号0318"), [SHOP]),
        (said("0318"), [SHOP]),
        (said("都交"), [HOME, PARENTS, SHOP]),
        (said("给我妈充五十"), [PARENTS]),
        (said("充值100元到5603"), [HOME]),
        (said("给1000块"), []),
        (said("家里和铺子都交"), [HOME, SHOP]),
        (said("柳巷7号的电费", address="柳巷7号"), [PARENTS]),
        (said("四二零零 幺幺八七 五六零三", account_no="四二零零 幺幺八七 五六零三"), [HOME]),
        (said("给430012345678交100"), ["430012345678"]),
        (said("电话13800001234"), []),
        (said("交电费"), []),
    ],
)
def test_accounts_are_meant_as_people_say_them(message: Said, numbers: list[str]) -> None:
    assert named(message, ACCOUNTS) == numbers


def test_one_s_own_home_is_not_guessed_among_two() -> None:
    homes = [
        each | {"kind": "residential", "label": each["address"], "helper": False}
        for each in ACCOUNTS
    ]
    assert named(said("我家的"), homes) == []


STORES = [
    {
        "account_no": f"42007700083{place}",
        "label": f"码头路 66 号 {number}号冷库",
        "tail": f"083{place}",
        "address": f"码头路 66 号 {number}号冷库",
        "kind": "business",
        "helper": False,
    }
    for place, number in enumerate("一二三四五六", start=1)
]
ONE, TWO, THREE = (each["account_no"] for each in STORES[:3])


@pytest.mark.parametrize(
    ("message", "numbers"),
    [
        (said("给三号冷库交费"), [THREE]),
        (said("二号冷库10月电费多少"), [TWO]),
        (said("一号冷库"), [ONE]),
        (said("1号冷库"), [ONE]),
        (said("２ 号冷库和三号冷库"), [TWO, THREE]),
        (said("码头路66号一号冷库"), [ONE]),
        (said("00083 2 那个"), []),
        (said("是00832"), [TWO]),
        (said("0832"), [TWO]),
        (said("0832那户"), [TWO]),
        (said("0832那个用了多少"), [TWO]),
        (said("三号库用了多少"), [THREE]),
        (said("七号库用了多少"), ["7号库"]),
        (said("不是一号冷库，是三号冷库"), [THREE]),
        (said("充100 三号冷库"), [THREE]),
        (said("给七号冷库交费"), ["7号冷库"]),
        (said("十一号冷库"), ["11号冷库"]),
        (said("三号停电吗"), []),
        (said("冷库的电费"), []),
        (said("充10000元"), []),
    ],
)
def test_the_part_of_a_name_that_tells_it_apart_names_an_account(
    message: Said, numbers: list[str]
) -> None:
    assert named(message, STORES) == numbers


def test_a_name_that_is_not_listed_may_be_that_of_an_account_beyond_twelve() -> None:
    assert named(said("七号冷库"), STORES * 2) == []
    assert set(named(said("三号冷库"), STORES * 2)) == {THREE}


def test_a_number_within_a_larger_one_names_nothing() -> None:
    both = [STORES[0], STORES[1] | {"label": "码头路 66 号 十一号冷库"}]
    assert named(said("十一号冷库"), both) == [TWO]
    assert named(said("一号冷库"), both) == [ONE]


def test_rooms_of_one_house_are_told_apart_by_their_doors() -> None:
    rooms = [
        each | {"label": f"滨江路 18 号 3 栋 {door}"}
        for each, door in zip(ACCOUNTS, (502, 601, 702), strict=True)
    ]
    assert named(said("601的"), rooms) == [PARENTS]
    assert named(said("充502元"), rooms) == []


HOMES = [
    each | {"label": label, "kind": "residential", "helper": False}
    for each, label in zip(ACCOUNTS, ("自己家", "爸妈家", "出租"), strict=True)
]
LET = SHOP


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("我家停电了 爸妈家有电的", [HOME]),
        ("爸妈家没停电，我家停了", [HOME]),
        ("我自己家停电了 麻烦快点来", [HOME]),
        ("家里没电了", [HOME]),
        ("屋里停电了", [HOME]),
        ("我屋里停电了，出租那边有电", [HOME]),
        ("我家停电了呀 就刚刚 爸妈那屋也是不是停了", [HOME, PARENTS]),
        ("我家停电了，爸妈家也停了", [HOME, PARENTS]),
        ("爸妈家没有电", [PARENTS]),
        ("爸妈家有电吗", [PARENTS]),
        ("爸妈家有电费要交", [PARENTS]),
        ("我家爸妈家停电了", [PARENTS]),
        ("给爸妈也交一下电费呗 然后我自己这边的也一起交了", [HOME, PARENTS]),
        ("出租的没电了", [LET]),
    ],
)
def test_one_s_own_home_is_told_from_the_others(text: str, numbers: list[str]) -> None:
    assert named(said(text), HOMES) == numbers
