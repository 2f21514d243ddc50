"""A typed answer that means one of the buttons just offered: its title, its number, its place."""

import re

from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from actions.labels import names, plain
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
_AROUND = re.compile(
    r"^(?:那?就|是|问的?是?|查|给|选|要|我要|我问)+(?=\S{2})|(?:的|那个|那户|那家|吧|呢|啊|哈|这个)+[。.！!？?]*$"
)
"""What people say around the name of an account."""
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
    answer = _plain(_AROUND.sub("", text.strip()) or text)
    named = {
        each["payload"]
        for each, called in zip(buttons, _called(buttons), strict=True)
        if {_plain(text), answer} & _names(each["title"]) or plain(answer) in called
    }
    return named.pop() if len(named) == 1 else None


def _called(buttons: list[dict[str, str]]) -> list[set[str]]:
    """What the accounts among the buttons may be called, or the end of their numbers."""
    labels = [
        label for label, dots, _ in (each["title"].partition("…") for each in buttons) if dots
    ]
    called = iter([each | _numbers(each) for each in names(labels)])
    return [next(called) | _ends(each) if "…" in each["title"] else set() for each in buttons]


def _numbers(called: set[str]) -> set[str]:
    """六号, of 六号冷库; which may be the number of two."""
    return {found[0] for each in called if (found := re.match(r"\d+号", each))}


def _ends(button: dict[str, str]) -> set[str]:
    """The last digits, five at least, of the account that a button stands for."""
    number = re.search(r"\d{10,13}", button["payload"])
    return {number[0][-most:] for most in range(5, len(number[0]) + 1)} if number else set()


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
