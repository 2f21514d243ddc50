"""Fen inside, yuan at the edge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.money import LARGEST_FEN, AmountError, parse_yuan, yuan


@pytest.mark.parametrize(
    ("fen", "text"),
    [(0, "0.00"), (5, "0.05"), (123450, "1,234.50"), (-123450, "−1,234.50"), (-1, "−0.01")],
)
def test_yuan(fen: int, text: str) -> None:
    assert yuan(fen) == text


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("88", 8800),
        ("88.5", 8850),
        (" 1,234.50 ", 123450),
        ("¥0.01", 1),
        ("￥ 12", 1200),
        ("１２．３０", 1230),
        ("007", 700),
        ("99999999999.99", LARGEST_FEN),
    ],
)
def test_parse_yuan(text: str, fen: int) -> None:
    assert parse_yuan(text) == fen


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "not_a_number"),
        ("abc", "not_a_number"),
        ("1,23", "not_a_number"),
        ("1.", "not_a_number"),
        ("1e3", "not_a_number"),
        ("NaN", "not_a_number"),
        ("٣", "not_a_number"),
        ("--1", "not_a_number"),
        ("-1", "negative"),
        ("−0.50", "negative"),
        ("1.005", "too_many_decimals"),
        ("100000000000", "too_large"),
        ("9" * 5000, "too_large"),
    ],
)
def test_what_is_no_amount(text: str, code: str) -> None:
    with pytest.raises(AmountError) as caught:
        parse_yuan(text)
    assert caught.value.code == code


@given(st.integers(0, LARGEST_FEN))
def test_what_is_shown_can_be_typed_back(fen: int) -> None:
    assert parse_yuan(yuan(fen)) == fen
