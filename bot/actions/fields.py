"""The fields of a request: what was said of them already, and what an answer to one means."""

import re
from datetime import date
from typing import Any

from actions.amounts import meant_number_of
from actions.answers import is_address, is_no, is_question, narrow, phone_of
from actions.days import day_of
from actions.forms import Unusable
from actions.hints import hinted
from actions.messages import QUESTIONS, Said

Field = dict[str, Any]
"""A field as the portal describes it: name, label, type, required, choices, known, known_words."""

LONGEST = 1000
"""Characters of a message, and so of an answer."""
NOTE = 300
TOLD, NOTEWORTHY = 10, 16
"""Letters of a first message from which it tells what happened, or something worth a note."""
BESIDE = 6
"""Letters that may stand beside a number that answers."""
PICTURES = "photo"
YES_OR_NO = {"yes", "no"}
"""Values of a choice that nobody gives away unasked."""

_UNITS = re.compile(r"千瓦|kw|kva|个千瓦|瓦", re.IGNORECASE)
_FIGURES = re.compile(r"[\d.零〇一二两三四五六七八九十百千万]+")
_PLACE = re.compile(
    r"(?:(?<=[是在到成为])|^)\s*(?:(?!地址|不|改|是|在|月)[^\s，,。]){2,}?"
    r"(?:[路街巷弄村镇栋幢楼座区苑园]\s*\d|\d+\s*[号栋幢楼室单])[^，,。]*"
)
_BESIDE_PLACE = re.compile(
    r"(?:[\s，,]*[\dA-Za-z零〇一二两三四五六七八九十甲乙丙丁东西南北]{1,5}\s*(?:号|栋|幢|楼|层|单元|室|门|座|户|弄|组|队)"
    r"|\s*[-\d]+(?![\d.]|\s*(?:度|元|块|点|月|日|千瓦)))+"
)
"""Doors and floors that follow a street."""
_ORDINAL = re.compile(r"第?([1-9一二三四五六七八九])(?:个|项|种)?")
_FAMILIAR = "一二三四五六七八九"


def learned(
    fields: list[Field], said: Said, today: date, asked: str | None = None
) -> dict[str, str]:
    """What a message tells of fields beside the one that was `asked`."""
    told = (
        (field["name"], _told(field, said, today)) for field in fields if field["name"] != asked
    )
    return {name: value for name, value in told if value}


def _told(field: Field, said: Said, today: date) -> str | None:
    """The value of a field as far as a message gives it away unasked."""
    match field["type"]:
        case "phone":
            return phone_of(said.value("phone") or said.typed)
        case "address":
            place = _whole_place(said)
            return place if place and is_address(place) else None
        case "choice" if set(_values(field)) != YES_OR_NO:
            return _title_in(field, said.typed) or hinted(_values(field), said.typed)
        case "number" if len(_UNITS.findall(said.typed)) == 1:
            return _number(said.typed)
        case "day":
            day = day_of(said.value("period") or "", today)
            return day.isoformat() if day and day > today else None
    return None


def lone_number(fields: list[Field], said: Said) -> dict[str, str]:
    """A number that is all that was said, where but one field takes numbers."""
    names = [field["name"] for field in fields if field["type"] == "number"]
    is_alone = re.fullmatch(r"\D{0,2}\d{1,7}(?:\.\d{1,2})?", said.typed)
    number = _number(said.typed) if is_alone else None
    return {names[0]: number} if number and len(names) == 1 else {}


def _whole_place(said: Said) -> str | None:
    """The place that was marked, with the doors that were said after it."""
    marked = said.value("address")
    _, found, after = said.typed.partition(marked or "\n")
    beside = _BESIDE_PLACE.match(after) if found else None
    return f"{marked}{beside[0]}" if beside else marked


def replaced_place(fields: list[Field], said: Said) -> dict[str, str]:
    """The address that stands alone in a correction, marked or not: 地址是柳荫路 9 号."""
    found = _PLACE.search(narrow(said.typed))
    names = [field["name"] for field in fields if field["type"] == "address"]
    return {names[0]: found[0].strip()} if found and names and not said.value("address") else {}


def placed(fields: list[Field], said: Said) -> dict[str, str]:
    """A place said where one was asked for, marked or not."""
    names = [field["name"] for field in fields if field["type"] == "address"]
    is_one = bool(said.value("address")) or bool(re.search(r"\d", said.typed))
    is_one = is_one and is_address(said.typed)
    return {names[0]: said.typed} if names and is_one and not is_question(said.typed) else {}


def note_of(fields: list[Field]) -> str | None:
    """The field for words of one's own that may stay empty."""
    free = [each["name"] for each in fields if each["type"] == "text" and not each["required"]]
    return free[-1] if free else None


def letters(text: str) -> float:
    """The length of what was told; a Latin letter tells a third of a Chinese one."""
    return sum(1 if letter > "\u2e80" else 0.3 for letter in text)


def story(fields: list[Field], said: Said) -> dict[str, str]:
    """A first message that tells more than its wish goes into the field for words of one's own.

    That is the last one that may stay empty, else the only one.
    """
    texts = [field["name"] for field in fields if field["type"] == "text" and not field["known"]]
    free = [
        field["name"] for field in fields if field["name"] in texts and not field["required"]
    ] or texts
    told = letters(said.typed)
    if (
        not free
        or (len(free) > 1 and free == texts)
        or told < (TOLD if free == texts else NOTEWORTHY)
    ):
        return {}
    return {free[-1]: said.typed[:NOTE]}


def answer(field: Field, said: Said, today: date, own: frozenset[str]) -> str | None:
    """The value that an answer gives a field; None when the message is no answer.

    Raises `Unusable` with a response that says what would be one.
    """
    value = _READ[field["type"]](field, said, today)
    if value is not None:
        return value
    if said.is_other(own):
        return None
    raise Unusable(f"utter_field_bad_{field['type']}", label=field["label"], choices=_titles(field))


def _choice(field: Field, said: Said, today: date) -> str | None:
    if said.chosen in _values(field):
        return said.chosen
    number = _ORDINAL.fullmatch(said.typed)
    if number:
        place = int(number[1]) if number[1].isdigit() else _FAMILIAR.index(number[1]) + 1
        return _values(field)[place - 1] if place <= len(_values(field)) else None
    if set(_values(field)) == YES_OR_NO:
        return "yes" if said.is_yes else "no" if is_no(said.intent, said.typed) else None
    return (
        None if is_question(said.typed) and said.intent in QUESTIONS else _told(field, said, today)
    )


def _phone(field: Field, said: Said, today: date) -> str | None:
    return phone_of(said.typed)


def _address(field: Field, said: Said, today: date) -> str | None:
    """The whole answer, so that nothing is lost; of a long one the place that was marked."""
    if is_question(said.typed) and said.intent in QUESTIONS:
        return None
    marked = _whole_place(said)
    text = re.sub(r"^(?:地址|就?在|是|我家在|住)\s*(?:是|在)?[:：]?\s*", "", said.typed)
    if marked and len(text) > 2 * len(marked):
        text = marked
    return text if is_address(text) and len(text) <= 120 and not phone_of(text) else marked


def _number(text: str) -> str | None:
    number = meant_number_of(_UNITS.sub(" ", text))
    return f"{number:f}" if number is not None and number > 0 else None


def _amount(field: Field, said: Said, today: date) -> str | None:
    """A number with little beside it; one in an address or a story is none."""
    beside = _UNITS.sub("", _FIGURES.sub("", said.typed))
    return _number(said.typed) if len(beside) <= BESIDE else None


def _day(field: Field, said: Said, today: date) -> str | None:
    day = day_of(said.typed, today) or day_of(said.value("period") or "", today)
    if day is not None and day <= today:
        raise Unusable("utter_field_past_day")
    return day.isoformat() if day else None


def _text(field: Field, said: Said, today: date) -> str | None:
    """Words of one's own, unless they only ask something."""
    if said.intent in QUESTIONS and is_question(said.typed) and len(said.typed) <= 30:
        return None
    if len(said.typed) > LONGEST:
        raise Unusable("utter_field_too_long", most=LONGEST)
    return said.typed if len(said.typed) >= 2 else None


_READ = {
    "choice": _choice,
    "phone": _phone,
    "address": _address,
    "number": _amount,
    "day": _day,
    "text": _text,
}


def shown(field: Field, values: dict[str, str]) -> str | None:
    """How the value of a field is said: by its title, or as the portal writes what it knows."""
    value = values.get(field["name"])
    if value is None:
        return field["known_words"]
    titles = {each["value"]: each["title"] for each in field["choices"] or []}
    return titles.get(value, value)


def _values(field: Field) -> list[str]:
    return [each["value"] for each in field["choices"] or []]


def _titles(field: Field) -> str:
    return " / ".join(each["title"] for each in field["choices"] or [])


def _title_in(field: Field, text: str) -> str | None:
    """The choice of whose title most stands in the text; none where two are as good."""
    plain = narrow(text).lower()
    scores = sorted(
        ((_likeness(each["title"], plain), each["value"]) for each in field["choices"] or []),
        reverse=True,
    )
    clear = scores and scores[0][0] and (len(scores) == 1 or scores[0][0] > scores[1][0])
    return scores[0][1] if clear else None


def _likeness(title: str, text: str) -> int:
    """How many letters of the parts of a title stand in the text."""
    parts = (part.strip().lower() for part in re.split(r"[、，,（）()]", narrow(title)))
    return sum(len(part) for part in parts if len(part) >= 2 and part in text)
