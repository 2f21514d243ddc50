"""Periods, amounts, addresses, numbers…: conditional random fields over characters."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pycrfsuite
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components import numbers
from components.part import Learner
from components.sequences import features, labels, spans
from components.tokenizer import PIECE, token

MODEL, NAMES = "entities.crf", "names.json"
LONG_NUMBER = re.compile(r"\d{8,}")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class CharacterEntityExtractor(Learner, EntityExtractorMixin):
    """Unlike Rasa's own it sees runs of characters and knows the lookup tables by position."""

    _names: dict[str, frozenset[tuple[str, ...]]]
    _tagger: pycrfsuite.Tagger
    _model: bytes  # the tagger points into these bytes and keeps no hold of them

    @classmethod
    def required_components(cls) -> list[type]:
        """Rasa sorts the pipeline by this."""
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`c1`, `c2`: strength of the two regularisations."""
        return {"c1": 0.1, "c2": 0.1, "max_iterations": 80}

    def _open(self, folder: Path) -> None:
        names = json.loads((folder / NAMES).read_text("utf-8"))
        self._names = {kind: frozenset(map(tuple, table)) for kind, table in names.items()}
        self._model = (folder / MODEL).read_bytes()
        self._tagger = pycrfsuite.Tagger()
        self._tagger.open_inmemory(self._model)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from every message with an intent; the lookup tables become features."""
        names = {
            table["name"]: sorted({tuple(_words(name)) for name in table["elements"]})
            for table in training_data.lookup_tables
        }
        self._names = {kind: frozenset(table) for kind, table in names.items()}
        trainer = pycrfsuite.Trainer(verbose=False)
        trainer.set_params({**self._config_of_trainer(), "feature.possible_transitions": True})
        for example in training_data.intent_examples:
            tokens = _tokens(example.get(TEXT))
            marked = [(e["start"], e["end"], e["entity"]) for e in example.get(ENTITIES, [])]
            trainer.append(self._features(example.get(TEXT), tokens), labels(tokens, marked))
        with self._storage.write_to(self._resource) as folder:
            (folder / NAMES).write_text(json.dumps(names, ensure_ascii=False), "utf-8")
            trainer.train(str(folder / MODEL))
        return self._resource

    def _config_of_trainer(self) -> dict[str, Any]:
        return {name: self._config[name] for name in ("c1", "c2", "max_iterations")}

    def process(self, messages: list[Message]) -> list[Message]:
        """The entities of each message with words, in their order."""
        for message in messages:
            if text := message.get(TEXT):
                message.set(ENTITIES, self._entities(text), add_to_output=True)
        return messages

    def _entities(self, text: str) -> list[dict[str, Any]]:
        tokens = _tokens(text)
        learned = spans(tokens, self._tagger.tag(self._features(text, tokens))) if tokens else []
        return [
            {
                "entity": entity,
                "start": start,
                "end": end,
                "value": text[start:end],
                "extractor": type(self).__name__,
            }
            for start, end, entity in numbers.settle(text, learned)
        ]

    def _features(self, text: str, tokens: list[Token]) -> list[list[str]]:
        heads = [
            text[each.start : each.start + 2] if LONG_NUMBER.fullmatch(each.text) else ""
            for each in tokens
        ]
        return features([each.text for each in tokens], heads, self._names)


def _tokens(text: str) -> list[Token]:
    return [token(piece) for piece in PIECE.finditer(text)]


def _words(text: str) -> list[str]:
    return [each.text for each in _tokens(text)]
