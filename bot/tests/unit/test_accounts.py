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
    homes = [each | {"kind": "residential"} for each in ACCOUNTS]
    assert named(said("我家的"), homes) == []
