"""Sums as people write and say them."""

import pytest

from actions.amounts import fen_of, meant_fen_of, number_of, paid_fen_of

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


@pytest.mark.parametrize(("text", "number"), [("二十五", 25), ("7.5", 7.5), ("没有", None)])
def test_numbers(text: str, number: float | None) -> None:
    assert number_of(text) == number
