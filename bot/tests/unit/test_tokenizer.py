"""Tokens stand where the message has them, whatever spelling they are given."""

from itertools import pairwise

import pytest
from rasa.shared.nlu.training_data.message import Message

from components.characters import TRADITIONAL, plain
from components.tokenizer import CharacterTokenizer

TOKENIZER = CharacterTokenizer(CharacterTokenizer.get_default_config())


def tokens(text: str):
    return TOKENIZER.tokenize(Message({"text": text}), "text")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("上个月电费", ["上", "个", "月", "电", "费"]),
        ("交200元", ["交", "000", "元"]),
        ("2026年3月", ["0000", "年", "0", "月"]),
        ("pay with WeChat", ["pay", "with", "wechat"]),
        ("this month's bill", ["this", "month", "'", "s", "bill"]),
        ("I don't know", ["i", "don't", "know"]),
        ("4300123456782025年11月", ["0" * 12, "0000", "年", "00", "月"]),
        ("ＡＢ１２", ["ab", "00"]),
        ("電費、電錶", ["电", "费", ",", "电", "表"]),
        ("📄账单", ["📄", "账", "单"]),
        ("BX2611210001", ["bx", "0000000000"]),
        ("3.6元", ["0", ".", "0", "元"]),
    ],
)
def test_words(text: str, words: list[str]):
    assert [token.text for token in tokens(text)] == words


@pytest.mark.parametrize(
    "text",
    [
        "户号[430012345678]，查10月账单",
        "  前后  有空  ",
        "Ｆｕｌｌ　ｗｉｄｔｈ，１２３",
        "℃和㎡还有Ⅳ",
        "電錶壞了😭😭！！",
        "what's my bill? 多少钱",
        "ﬁre！电线断了",
        "a\nb\tc",
    ],
)
def test_each_token_stands_at_its_offsets(text: str):
    found = tokens(text)
    covered = "".join(text[token.start : token.end] for token in found)
    assert covered == "".join(text.split())
    assert all(a.end <= b.start for a, b in pairwise(found))
    for token in found:
        assert len(plain(text[token.start : token.end])) == len(token.text)


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_blanks_are_one_token(text: str):
    assert len(tokens(text)) == 1


def test_short_numbers_are_known_by_themselves_long_ones_by_their_shape():
    assert [token.lemma for token in tokens("12点430012345678")] == ["12", "点", "0" * 12]


def test_spelling_is_plain():
    assert plain("ＡＢ１２，電費") == "ab12,电费"


def test_every_traditional_character_has_its_simplified_one():
    assert len(TRADITIONAL) % 2 == 0
    assert all(letter.strip() for letter in TRADITIONAL)
