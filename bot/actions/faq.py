"""Questions and answers of bot/faq, found by meaning and words together.

An entry is asked in several ways; the vectors of all of them, of the answers and of the training's
`out_of_scope` lines are made once and kept by their content (components.meaning). A question is
compared with all three: nearer to what is not ours than to any entry, it is unknown; well ahead
of the second entry, it is answered; between the two, up to three entries are offered. Some
questions name their entry by their words alone (actions.by_words).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from actions.by_words import named_by
from components import meaning
from components.characters import plain

BOT = Path(__file__).parents[1]
STRANGERS = BOT / "data" / "nlu" / "out_of_scope.yml"

# What answers and words add to the likeness of the questions, and the borders of the decision;
# chosen on half of tests/faq.yml, the other half gives the same figures (docs/assistant.md).
ANSWERS, WORDS = 0.6, 0.5
AT_HOME = -0.05  # not farther from an entry than from anything out of scope by more than this
SURE_LEAD = 0.1  # ahead of the second entry by at least this
NEAR = 0.35  # an offered entry stays within this of the best


@dataclass(frozen=True)
class Entry:
    """One question with its other phrasings, the answer in both languages and its source."""

    question: str
    phrasings: tuple[str, ...]
    zh: str
    en: str
    source_zh: str
    source_en: str

    def words(self, language: str, hotline: str) -> str:
        """The answer with its source, as it is said."""
        if language == "en":
            return f"{self.en.replace('{hotline}', hotline)}\n(Source: {self.source_en})"
        return f"{self.zh.replace('{hotline}', hotline)}\n（来源：{self.source_zh}）"

    def title(self, language: str) -> str:
        """The question as a button shows it."""
        return self.phrasings[-1] if language == "en" else self.question


@dataclass(frozen=True)
class Found:
    """`best` when one entry answers; else up to three to offer; neither: unknown."""

    best: Entry | None
    offered: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class _Index:
    entries: tuple[Entry, ...]
    owner: np.ndarray  # of each row of `asked`, the entry
    middle: np.ndarray
    asked: np.ndarray
    answers: tuple[np.ndarray, np.ndarray]
    strangers: np.ndarray
    asked_words: tuple[frozenset[str], ...]
    answer_words: tuple[frozenset[str], ...]
    rarity: dict[str, float]


def find(question: str) -> Found:
    """What the files say to this question; about 15 ms once the vectors are there."""
    if named := named_by(question):
        return Found(by_question(named))
    index = _index()
    vector = meaning.query([plain(question)])[0]
    asked = _unit(vector - index.middle)
    likeness = np.full(len(index.entries), -1.0)
    np.maximum.at(likeness, index.owner, index.asked @ asked)
    if likeness.max() - (index.strangers @ asked).max() < AT_HOME:
        return Found(None)
    said = np.maximum(*(answers @ asked for answers in index.answers))
    score = likeness + ANSWERS * said + WORDS * _shared(question, index)
    order = np.argsort(-score)
    if score[order[0]] - score[order[1]] >= SURE_LEAD:
        return Found(index.entries[order[0]])
    near = [at for at in order[:3] if score[order[0]] - score[at] <= NEAR]
    return Found(None, tuple(index.entries[at] for at in near))


def by_question(question: str) -> Entry | None:
    """The entry of a button."""
    return next((entry for entry in entries() if entry.question == question), None)


@lru_cache(maxsize=1)
def entries() -> tuple[Entry, ...]:
    """All entries in the order of the files. Raises ValueError for one that lacks a part."""
    texts = [path.read_text("utf-8") for path in sorted((BOT / "faq").glob("*.md"))]
    blocks = [block for text in texts for block in re.split(r"(?m)^## ", text)[1:]]
    return tuple(_entry(block) for block in blocks)


def _entry(block: str) -> Entry:
    question, *lines = (line.strip() for line in block.strip().splitlines() if line.strip())
    phrasings = tuple(line[2:] for line in lines if line.startswith("- "))
    english = " ".join(line[2:] for line in lines if line.startswith("> "))
    source = re.match(r"来源：(.+?) \| Source: (.+)", lines[-1])
    chinese = "".join(line for line in lines[:-1] if not line.startswith(("- ", "> ")))
    if not (phrasings and english and chinese and source):
        raise ValueError(f"The entry lacks a part: {question}")
    return Entry(question, phrasings, chinese, english, source[1], source[2])


@lru_cache(maxsize=1)
def _index() -> _Index:
    found = entries()
    asked = [(at, text) for at, entry in enumerate(found) for text in _ways(entry)]
    vectors = meaning.kept_queries([plain(text) for _, text in asked])
    middle = vectors.mean(axis=0)
    chinese = meaning.passages([plain(entry.question + entry.zh) for entry in found])
    english = meaning.passages([plain(f"{entry.phrasings[-1]} {entry.en}") for entry in found])
    asked_words = tuple(frozenset(pieces(" ".join(_ways(entry)))) for entry in found)
    answer_words = tuple(frozenset(pieces(entry.zh + entry.en)) for entry in found)
    spread = Counter(
        p for pair in zip(asked_words, answer_words, strict=True) for p in pair[0] | pair[1]
    )
    return _Index(
        entries=found,
        owner=np.array([at for at, _ in asked]),
        middle=middle,
        asked=_unit(vectors - middle),
        answers=(_unit(chinese - chinese.mean(axis=0)), _unit(english - english.mean(axis=0))),
        strangers=_unit(meaning.kept_queries(_strangers()) - middle),
        asked_words=asked_words,
        answer_words=answer_words,
        rarity={p: math.log(1 + len(found) / (1 + count)) for p, count in spread.items()},
    )


def _ways(entry: Entry) -> tuple[str, ...]:
    return (entry.question, *entry.phrasings)


def _strangers() -> list[str]:
    lines = STRANGERS.read_text("utf-8").splitlines()
    return [plain(line[6:]) for line in lines if line.startswith("    - ")]


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def pieces(text: str) -> set[str]:
    """Pairs of Chinese characters, Latin words and numbers: what two texts may share."""
    text = plain(text)
    chinese = re.sub(r"[^\u4e00-\u9fff]", "", text)
    return {chinese[at : at + 2] for at in range(len(chinese) - 1)} | set(
        re.findall(r"[a-z]+|\d+", text)
    )


def _shared(question: str, index: _Index) -> np.ndarray:
    """The part of the question's words, by rarity, that each entry shares; in answers half."""
    asked = pieces(question)
    rarity = {piece: index.rarity.get(piece, math.log(1 + len(index.entries))) for piece in asked}
    whole = sum(rarity.values()) or 1.0
    return np.array(
        [
            sum(rarity[p] * (1.0 if p in words else 0.5) for p in asked & (words | answer)) / whole
            for words, answer in zip(index.asked_words, index.answer_words, strict=True)
        ]
    )
