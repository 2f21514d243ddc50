"""Numbers and amounts in Chinese words."""

import pytest

from runtime import numerals


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "零"),
        (10, "十"),
        (12, "十二"),
        (20, "二十"),
        (105, "一百零五"),
        (110, "一百一十"),
        (1010, "一千零一十"),
        (1001, "一千零一"),
        (10_500, "一万零五百"),
        (12_345, "一万二千三百四十五"),
        (100_100, "十万零一百"),
        (110_000, "十一万"),
        (20_000_005, "二千万零五"),
        (100_000_000, "一亿"),
    ],
)
def test_numbers_in_words(number: int, words: str) -> None:
    assert numerals.numeral(number) == words


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (0, "零元"),
        (1, "一分"),
        (50, "五角"),
        (6505, "六十五元零五分"),
        (14951, "一百四十九元五角一分"),
        (113205, "一千一百三十二元零五分"),
        (-13200, "一百三十二元"),
    ],
)
def test_amounts_in_words(fen: int, words: str) -> None:
    assert numerals.money(fen) == words
