"""A button's payload, read without the understanding of words: it says what it means."""

import json
from collections.abc import Container
from typing import Any


def understood(
    payload: str, intents: Container[str], entities: Container[str]
) -> dict[str, Any] | None:
    """What Rasa is to understand of `/intent{"entity": value}`; None when it is no such thing.

    What is no entity of the domain stays in the text, where the action that offered it reads it.
    """
    name, brace, rest = payload[1:].partition("{")
    try:
        given = json.loads(brace + rest) if brace else {}
    except ValueError:
        return None
    if name not in intents or not isinstance(given, dict):
        return None
    marked = [_entity(entity, value) for entity, value in given.items() if entity in entities]
    return certain(payload, name, marked)


def certain(text: str, intent: str, entities: list[dict[str, Any]]) -> dict[str, Any]:
    """What Rasa would have understood, had it no doubt."""
    meant = {"name": intent, "confidence": 1.0}
    return {"text": text, "intent": meant, "entities": entities, "intent_ranking": [meant]}


def _entity(name: str, value: Any) -> dict[str, Any]:
    return {"entity": name, "value": value, "start": 0, "end": 0, "extractor": "button"}
