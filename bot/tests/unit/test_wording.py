"""The domain: its words in both languages, all used, in the manner of the house; its actions."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

BOT = Path(__file__).parents[2]
DOMAIN = [YAML(typ="safe").load(path) for path in sorted((BOT / "domain").glob("*.yml"))]
RESPONSES: dict[str, list[dict[str, Any]]] = {
    name: variations for part in DOMAIN for name, variations in part.get("responses", {}).items()
}
INTENTS = {next(iter(each)) for part in DOMAIN for each in part.get("intents", [])}
SOURCES = "\n".join(
    path.read_text("utf-8")
    for folder in ("actions", "channels", "data/rules")
    for path in sorted((BOT / folder).glob("*.*"))
    if path.suffix in (".py", ".yml")
)
ENGLISH = [{"type": "slot", "name": "language", "value": "en"}]
MADE = tuple(re.findall(r'f"(utter_\w+_)\{', SOURCES))
"""Beginnings of names that are put together from a kind and a step."""


def texts(variation):
    return [variation.get("text", ""), *(each["title"] for each in variation.get("buttons", []))]


def placeholders(variation):
    return set(re.findall(r"(?<!\{)\{(\w+)\}(?!\})", variation.get("text", "")))


@pytest.mark.parametrize("name", RESPONSES)
def test_every_response_is_there_in_chinese_and_in_english(name):
    variations = RESPONSES[name]
    chinese = [each for each in variations if not each.get("condition")]
    english = [each for each in variations if each.get("condition") == ENGLISH]
    assert len(chinese) + len(english) == len(variations)
    assert chinese
    if all(text.startswith("{") or not text for each in chinese for text in texts(each)):
        return
    assert len(chinese) == len(english)
    assert {frozenset(placeholders(each)) for each in chinese} == {
        frozenset(placeholders(each)) for each in english
    }
    for each in english:
        assert not re.search(r"[\u3400-\u9fff]", "".join(texts(each)))


@pytest.mark.parametrize("name", RESPONSES)
def test_every_response_speaks_in_the_manner_of_the_house(name):
    for variation in RESPONSES[name]:
        for text in texts(variation):
            assert not re.search(r"[!！]|亲[，,]|温馨提示|系统异常|敬请|please note", text, re.I)


@pytest.mark.parametrize("name", RESPONSES)
def test_every_button_says_an_intent_that_there_is(name):
    for variation in RESPONSES[name]:
        for button in variation.get("buttons", []):
            intent = re.match(r"/(\w+)|\{payload\}", button["payload"])
            assert intent
            assert intent[1] is None or intent[1] in INTENTS


@pytest.mark.parametrize("name", RESPONSES)
def test_every_response_is_said_somewhere(name):
    assert re.search(rf"\b{name}\b", SOURCES) or name.startswith(MADE)


def test_every_response_that_is_said_is_there():
    said = set(re.findall(r'(?:"|action: )(utter_\w*[a-z])\b', SOURCES)) - {"utter_action"}
    assert said - RESPONSES.keys() == set()


def test_every_action_of_the_domain_can_be_run(executor):
    """An action with a setting stands there as a mapping."""
    named = [each for part in DOMAIN for each in part.get("actions", [])]
    assert {each if isinstance(each, str) else next(iter(each)) for each in named} == set(
        executor.actions
    )


def test_every_wish_has_a_name_for_did_you_mean():
    from actions.talk import TALK

    named = {name.removeprefix("utter_guess_") for name in RESPONSES if "utter_guess_" in name}
    assert named - {"help"} == INTENTS - TALK - {"nlu_fallback"}
