"""Chinese by the character, Latin by the word, digits by the group, so that entities align."""

from __future__ import annotations

import re
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

from components.characters import plain
from components.part import Part

# "month's" is more than one token ("this month" is a period), "don't" is one; an account number
# typed into a year is cut off it.
PIECE = re.compile(
    r"[^\W\d_\u2e80-\uffef]+(?:['’](?!s\b)[^\W\d_\u2e80-\uffef]+)?"
    r"|[A-Za-zＡ-Ｚａ-ｚ]+|\d{12}(?=20\d\d年)|\d+|\S",
)
DIGITS = re.compile(r"\d")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class CharacterTokenizer(Part, Tokenizer):
    """Tokens hold the plain spelling; their start and end are those of the message as typed."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """What Rasa's tokenizers expect to find."""
        return {
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
            "prefix_separator_symbol": None,
        }

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """A message of blanks is one token, since Rasa wants at least one."""
        text = message.get(attribute)
        tokens = [token(piece) for piece in PIECE.finditer(text)]
        return tokens or [Token(text, 0, len(text))]


def token(piece: re.Match[str]) -> Token:
    """Extractors see the shape of a number (its digits); classifiers see a short one itself."""
    word = plain(piece.group())
    shape = DIGITS.sub("0", word)
    return Token(shape, piece.start(), piece.end(), lemma=word if len(word) < 3 else shape)
