"""Sums as people write and say them."""

import pytest

from actions.amounts import alone_fen_of, fen_of, meant_fen_of, number_of, paid_fen_of, share_of

SUMS = [
    ("两百块", 20000),
    ("一百五", 15000),
    ("一百零五", 10500),
    ("八十六块四", 8640),
    ("86元4角", 8640),
    ("78块5", 7850),
    ("一块二毛五", 125),
    ("五毛", 50),
    ("贰仟元", 200000),
    ("￥300", 30000),
    ("45,820.50元", 4582050),
    ("1 5 0 元", 15000),
    ("一千二", 120000),
    ("八万六", 8600000),
    ("1.2万", 1200000),
    ("一百万", 100000000),
    ("fifty yuan", 5000),
    ("two hundred and fifty", 25000),
    ("one hundred", 10000),
    ("-5", -500),
    ("负五块", -500),
    ("0", 0),
]


@pytest.mark.parametrize(("text", "fen"), SUMS)
def test_a_sum_is_read(text: str, fen: int) -> None:
    assert fen_of(text) == fen


@pytest.mark.parametrize("text", ["", "好的", "千万别", "430012345678", "13800001234"])
def test_what_is_no_sum_is_none(text: str) -> None:
    assert fen_of(text) is None


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("不是一百, 两百", 20000),
        ("不是一百是两百", 20000),
        ("两百不是一百", 20000),
        ("改成三百", 30000),
        ("金额不对啊 我要交的是五十", 5000),
        ("not 100, 200 please", 20000),
        ("not two hundred but three hundred", 30000),
        ("two hundred yuan", 20000),
    ],
)
def test_a_correction_means_the_sum_that_is_not_denied(text: str, fen: int) -> None:
    assert meant_fen_of(text) == fen


@pytest.mark.parametrize(
    ("text", "fen"),
    [("用微信给爸妈家充一百块", 10000), ("交10月的电费", None), ("十月电费多少钱", None)],
)
def test_a_number_without_its_unit_may_be_a_month(text: str, fen: int | None) -> None:
    assert meant_fen_of(text, named=True) == fen


@pytest.mark.parametrize(
    ("text", "fen"),
    [("给430012345678交100", 10000), ("充五十", 5000), ("交两户", None), ("交3个月的", None)],
)
def test_a_number_after_paying_is_a_sum_unless_it_counts_things(text: str, fen: int | None) -> None:
    assert paid_fen_of(text) == fen


COUNTED = [
    "给我自己家交一下电费",
    "付一哈",
    "充一点",
    "交一起",
    "交一部分",
    "存一些",
    "先交一半",
    "交一交",
    "交一趟",
    "交一道",
    "交一次",
    "三个一块儿交",
    "一块交",
    "交三分之一",
    "交一会",
    "先付三个户",
    "交5户的",
    "充50度电",
]
"""Numbers beside a word for paying that are no sums."""


@pytest.mark.parametrize("text", [*COUNTED, "pay one of them", "no, the other one"])
def test_a_number_that_may_mean_something_else_is_no_sum(text: str) -> None:
    assert paid_fen_of(text) is None
    assert meant_fen_of(text) is None
    assert alone_fen_of(text) is None


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("交100微信", 10000),
        ("充五十吧", 5000),
        ("帮我交200行吗", 20000),
        ("存一百用支付宝", 10000),
        ("充80电费", 8000),
        ("交一下一百块", None),
        ("pay 80 for my parents", 8000),
        ("pay 80, please", 8000),
    ],
)
def test_a_bare_sum_after_paying_stands_alone(text: str, fen: int | None) -> None:
    assert paid_fen_of(text) == fen


@pytest.mark.parametrize("text", ["不是一块钱 是把欠的全部交清", "不要一百", "not one yuan"])
def test_a_sum_that_is_denied_is_not_meant(text: str) -> None:
    assert meant_fen_of(text) is None


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("一百就行了", 10000),
        ("还是两百吧", 20000),
        ("86.4", 8640),
        ("just 100", 10000),
        ("just fifty", 5000),
        ("make it one hundred and fifty please", 15000),
        ("one hundred is enough", 10000),
        ("one", None),
        ("two hundred for the shop", None),
        ("1", None),
        ("三", None),
        ("10月的", None),
        ("一百零五户", None),
    ],
)
def test_a_sum_alone_in_a_text(text: str, fen: int | None) -> None:
    assert alone_fen_of(text) == fen


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("先付一半", (1, 2)),
        ("先交一半可以吗", (1, 2)),
        ("交三分之一", (1, 3)),
        ("三分之二", (2, 3)),
        ("先交三成", (3, 10)),
        ("交30%", (30, 100)),
        ("pay half of it", (1, 2)),
        ("pay a third", (1, 3)),
        ("the third one", None),
        ("八成是交了", None),
        ("one and a half", None),
        ("三分之三", None),
        ("一百", None),
    ],
)
def test_a_share_of_what_is_owed(text: str, share: tuple[int, int] | None) -> None:
    assert share_of(text) == share


@pytest.mark.parametrize(("text", "number"), [("二十五", 25), ("7.5", 7.5), ("没有", None)])
def test_numbers(text: str, number: float | None) -> None:
    assert number_of(text) == number
