"""Amounts as large letters show them and as a voice says them."""

import pytest
from flask import Flask

from portal import spoken


@pytest.mark.parametrize(
    ("fen", "shown", "aloud"),
    [
        (0, "0 元", "零元"),
        (6835, "68 元 3 角 5 分", "六十八元三角五分"),
        (123450, "1,234 元 5 角", "一千二百三十四元五角"),
        (1005, "10 元 5 分", "十元零五分"),
        (30, "3 角", "三角"),
        (-20000, "200 元", "二百元"),
    ],
)
def test_amounts_in_words(app: Flask, fen: int, shown: str, aloud: str) -> None:
    with app.test_request_context("/"):
        assert (spoken.shown(fen).replace(spoken.KEPT, " "), spoken.aloud(fen)) == (shown, aloud)


def test_english_says_an_amount_as_it_is_written(app: Flask) -> None:
    with app.test_request_context("/?lang=en"):
        assert (spoken.shown(6835), spoken.aloud(6835)) == ("¥68.35", "68.35 yuan")
