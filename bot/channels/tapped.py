"""A typed answer that means one of the buttons just offered: its title, its number, its place."""

import re

from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from channels.answers import collected

ORDINALS = {
    **{word: place for place, word in enumerate("一二三四五六七八九", start=1)},
    **{word: place for place, word in enumerate(("first", "second", "third", "fourth"), start=1)},
    "两": 2,
}
PLACE = re.compile(
    r"(?:选|要|the\s+)?(?:第\s*([一二两三四五六七八九]|\d)\s*个?|([1-9])|(first|second|third|fourth)(?:\s+one)?)[.。]?",
    re.IGNORECASE,
)
_MARKS = re.compile(r"[\s，。,.!！？?…]+")


def offered(tracker: DialogueStateTracker) -> list[dict[str, str]]:
    """The buttons under the newest answer."""
    messages = []
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            break
        if isinstance(event, BotUttered):
            messages.append(event.message())
    answers = collected(messages[::-1])
    return answers[-1].get("buttons", []) if answers else []


YES_IS_FIRST = {
    "utter_offer_person",
    "utter_offer_person_again",
    "utter_period_ahead",
}
"""Responses that ask for a yes, which is their first button."""


def agreed(tracker: DialogueStateTracker) -> str | None:
    """The payload of a yes to what was said last; None where no yes was asked for."""
    said = next((each for each in reversed(tracker.events) if isinstance(each, BotUttered)), None)
    asked = said is not None and (said.metadata or {}).get("utter_action") in YES_IS_FIRST
    buttons = offered(tracker) if asked else []
    return buttons[0]["payload"] if buttons else None


def meant(text: str, buttons: list[dict[str, str]]) -> str | None:
    """The payload of the button that the text names; None when it names none, or more than one."""
    place = _place(text)
    if place and place <= len(buttons):
        return buttons[place - 1]["payload"]
    named = {each["payload"] for each in buttons if _plain(text) in _names(each["title"])}
    return named.pop() if len(named) == 1 else None


def _place(text: str) -> int | None:
    found = PLACE.fullmatch(text.strip())
    if not found:
        return None
    word = next(group for group in found.groups() if group).lower()
    return ORDINALS.get(word) or int(word)


def _names(title: str) -> set[str]:
    """A title as a whole, and for an account its label and its last digits: 爸妈家 …1242."""
    names = {_plain(title)}
    if "…" in title:
        names |= {_plain(part) for part in title.split("…")}
    return names - {""}


def _plain(text: str) -> str:
    return _MARKS.sub("", text).lower()
