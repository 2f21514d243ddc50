"""The FAQ: every entry whole, found by other words, and nothing answered that is not in it."""

from functools import lru_cache
from pathlib import Path

import pytest
import yaml

from actions import faq

CASES = yaml.safe_load((Path(__file__).parents[1] / "faq.yml").read_text("utf-8"))
ASKED = [(text, entry) for entry, texts in CASES["answered"].items() for text in texts]


@lru_cache(maxsize=1)
def outcomes() -> list[tuple[str, faq.Found]]:
    return [(entry, faq.find(text)) for text, entry in ASKED]


@lru_cache(maxsize=1)
def strangers() -> list[tuple[str, faq.Found]]:
    return [(text, faq.find(text)) for text in CASES["none"]]


def test_the_questions_are_many_and_other_than_in_the_files():
    written = {phrase for entry in faq.entries() for phrase in (entry.question, *entry.phrasings)}
    assert len(ASKED) >= 150
    assert len(CASES["none"]) >= 50
    assert {entry for _, entry in ASKED} <= {entry.question for entry in faq.entries()}
    assert not written & {text for text, _ in ASKED}


def test_every_entry_is_whole_and_asked_in_one_way_only_once():
    entries = faq.entries()
    ways = [way for entry in entries for way in (entry.question, *entry.phrasings)]
    assert len(entries) >= 120
    assert sorted(ways) == sorted(set(ways))
    for entry in entries:
        assert entry.source_zh
        assert entry.source_en
        assert faq.by_question(entry.question) is entry


def test_the_hotline_is_that_of_the_portal():
    for entry in faq.entries():
        assert "95598" not in entry.zh + entry.en
        assert "{" not in entry.words("zh", "96000") + entry.words("en", "96000")
    hotline = faq.by_question("有事打什么电话？")
    assert "96000" in hotline.words("zh", "96000")
    assert "96000" in hotline.words("en", "96000")
    assert hotline.title("en") == "Which number do I call?"


def test_an_answer_names_its_source_in_the_language_of_the_talk():
    entry = faq.by_question("有人触电了怎么救？")
    assert entry.words("zh", "1").endswith("（来源：用电安全常识）")
    assert entry.words("en", "1").endswith("(Source: general safety advice)")


def test_the_right_entry_is_answered_or_offered():
    right = sum(
        found.best is not None and found.best.question == want for want, found in outcomes()
    )
    served = sum(
        want in [entry.question for entry in (found.best, *found.offered) if entry]
        for want, found in outcomes()
    )
    wrong = sum(
        found.best is not None and found.best.question != want for want, found in outcomes()
    )
    assert right / len(ASKED) >= 0.5
    assert served / len(ASKED) >= 0.83
    assert wrong / len(ASKED) <= 0.07


def test_what_no_entry_answers_is_said_to_be_unknown():
    answered = [text for text, found in strangers() if found.best]
    offered = [text for text, found in strangers() if found.offered]
    assert len(answered) <= 0.03 * len(strangers()), answered
    assert len(offered) <= 0.06 * len(strangers()), offered


@pytest.mark.parametrize("entry", faq.entries()[::12], ids=lambda entry: entry.question)
def test_its_own_words_find_an_entry(entry: faq.Entry):
    found = faq.find(entry.phrasings[0])
    assert entry in (found.best, *found.offered)
    assert len(found.offered) <= 3


@pytest.mark.parametrize("text", ["", "   ", "。。。", "😭", "x" * 1000, "<script>"])
def test_no_text_breaks_it(text: str):
    faq.find(text)
