"""The examples: enough of each, none twice, none in both files, every mark readable."""

import re
from collections import Counter
from functools import lru_cache
from pathlib import Path

import pytest
import yaml

from components.characters import plain
from components.tokenizer import PIECE

TESTS = Path(__file__).parents[1]
DATA = TESTS.parent / "data" / "nlu"
MARK = re.compile(r"\[([^\]]+)\]\(([a-z_]+)\)")

BUSY = {
    *("query_bill", "explain_bill", "query_balance", "query_usage", "pay_bill"),
    *("payment_status", "report_outage", "outage_info", "emergency", "request_status"),
}
OTHERS = {
    *("greet", "goodbye", "thanks", "affirm", "deny", "bot_challenge", "help"),
    *("request_invoice", "query_tariff", "recommend_tariff", "manage_reminders", "saving_tips"),
    *("new_connection", "increase_capacity", "transfer_account", "meter_check", "pv_connection"),
    *("ev_charger", "cancel_request", "bind_account", "unbind_account", "usage_report"),
    *("dispute_bill", "complaint", "human_handoff", "elder_mode", "hall_info", "out_of_scope"),
}
ENTITIES = {
    *("period", "account_no", "amount", "address", "request_no", "phone", "pay_channel", "device"),
}


def examples(path: Path) -> list[tuple[str, str]]:
    blocks = yaml.safe_load(path.read_text("utf-8"))["nlu"]
    return [
        (block["intent"], line[2:].strip())
        for block in blocks
        if "intent" in block
        for line in block["examples"].splitlines()
    ]


@lru_cache(maxsize=1)
def training() -> list[tuple[str, str]]:
    return [pair for path in sorted(DATA.glob("*.yml")) for pair in examples(path)]


@lru_cache(maxsize=1)
def held_out() -> list[tuple[str, str]]:
    return examples(TESTS / "nlu.yml")


def bare(line: str) -> str:
    return MARK.sub(r"\1", line)


def letters(line: str) -> str:
    """What is left of a line without marks, blanks, width and punctuation."""
    return re.sub(r"[^\w]|_", "", plain(bare(line)))


def pairs(line: str) -> set[str]:
    text = letters(line)
    return {text[at : at + 2] for at in range(len(text) - 1)} or {text}


def test_the_intents_are_exactly_those_of_the_assignment():
    assert len(BUSY | OTHERS) == 38
    assert {intent for intent, _ in training()} == BUSY | OTHERS
    assert {intent for intent, _ in held_out()} == BUSY | OTHERS


@pytest.mark.parametrize("intent", sorted(BUSY | OTHERS))
def test_each_intent_has_examples_enough(intent: str):
    count = Counter(intent for intent, _ in training())[intent]
    assert count >= (60 if intent in BUSY else 35)


def test_every_mark_is_of_a_known_entity_and_stands_on_tokens():
    for _, line in training() + held_out():
        assert not re.search(r"\]\{|\[\]|\(\)", line), line
        rest = MARK.sub("", line)
        assert "](" not in rest, line
        assert {entity for _, entity in MARK.findall(line)} <= ENTITIES, line
        for start, end in marked(line):
            edges = {edge for piece in PIECE.finditer(bare(line)) for edge in piece.span()}
            assert {start, end} <= edges, line


def marked(line: str) -> list[tuple[int, int]]:
    found, shift = [], 0
    for mark in MARK.finditer(line):
        start = mark.start() - shift
        found.append((start, start + len(mark[1])))
        shift += len(mark[0]) - len(mark[1])
    return found


def test_every_entity_is_taught_often_enough():
    count = Counter(entity for _, line in training() for _, entity in MARK.findall(line))
    assert set(count) == ENTITIES
    assert min(count.values()) >= 25


@pytest.mark.parametrize("of", [training, held_out])
def test_no_line_stands_twice(of):
    count = Counter(letters(line) or line for _, line in of())
    assert [line for line, times in count.items() if times > 1] == []


def test_no_line_stands_in_both_files_nor_its_twin():
    """A twin shares six tenths of all pairs of letters; short lines cannot help being alike."""
    taught = [pairs(line) for _, line in training()]
    words = {letters(line) for _, line in training()}
    for _, line in held_out():
        asked = pairs(line)
        if len(letters(line)) < 6:
            assert letters(line) not in words, line
            continue
        nearest = max(len(asked & other) / len(asked | other) for other in taught)
        assert nearest < 0.6, line


def test_lookup_tables_stand_longest_first_and_hold_no_name_twice():
    for block in yaml.safe_load((DATA / "lookups.yml").read_text("utf-8"))["nlu"]:
        if "lookup" in block:
            names = [line[2:] for line in block["examples"].splitlines()]
            assert len(names) == len(set(names))
            assert names == sorted(names, key=len, reverse=True)
