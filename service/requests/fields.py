"""What a customer typed into the fields of a kind, made plain and checked field by field."""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from runtime import clock
from runtime.errors import Refused
from service.people.typed import half_width
from service.people.users import normal_phone
from service.requests import points
from service.requests.kinds import Field, Kind

LEAST_ADDRESS = 4
KEPT_FORMATS = "\u200c\u200d"
"""Joiners inside emoji and some scripts; all other invisible signs go."""


class FieldRefused(Refused):
    """What a field holds cannot be taken.

    `problem`: missing, too_long, too_short, phone, point, elsewhere, choice, number, range, day,
    days, unknown, bill, no_photo, not_text. `field` is its name, `label` its words, `least` and
    `most` the bounds.
    """

    def __init__(self, field: str, problem: str, **params: Any) -> None:
        super().__init__("request.field", field=field, problem=problem, **params)


def check(kind: Kind, given: Mapping[str, object]) -> tuple[dict[str, str], list[FieldRefused]]:
    """The plain values of the fields that were filled in, and what is wrong with the others."""
    values: dict[str, str] = {}
    told = {each.name for each in kind.told}
    wrong = [FieldRefused(name, "unknown") for name in given if name not in told]
    for field in kind.told:
        try:
            value = clean(field, given.get(field.name))
        except FieldRefused as refusal:
            wrong.append(refusal)
        else:
            values |= {field.name: value} if value else {}
    return values, wrong


def clean_all(fields: Sequence[Field], given: Mapping[str, object]) -> dict[str, str]:
    """The plain values of a small form. Raises FieldRefused for the first that is wrong."""
    names = [each.name for each in fields]
    for name in given:
        if name not in names:
            raise FieldRefused(name, "unknown")
    cleaned = {each.name: clean(each, given.get(each.name)) for each in fields}
    return {name: value for name, value in cleaned.items() if value}


def clean(field: Field, given: object) -> str:
    """One field's plain value, "" when it may be and is left empty. Raises FieldRefused."""
    if given is not None and not isinstance(given, str):
        raise _refused(field, "not_text")
    text = visible(given or "")
    if not text:
        if field.required:
            raise _refused(field, "missing")
        return ""
    match field.type:
        case "phone":
            return _phone(field, text)
        case "point":
            return _point(field, text)
        case "number":
            return _number(field, text)
        case "day":
            return _day(field, text)
        case "choice" if field.title(text) is None:
            raise _refused(field, "choice")
        case "address" if len(text) < LEAST_ADDRESS:
            raise _refused(field, "too_short", least=LEAST_ADDRESS)
    if len(text) > field.longest:
        raise _refused(field, "too_long", most=field.longest)
    return text


def visible(text: str) -> str:
    """`text` without signs that nobody sees, such as those that turn the direction of writing."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (each for each in lines if each in "\n\t" or not _is_hidden(each))
    return "\n".join(" ".join(line.split()) for line in "".join(kept).split("\n")).strip()


def _is_hidden(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co") and letter not in KEPT_FORMATS


def _phone(field: Field, text: str) -> str:
    try:
        return normal_phone(text)
    except Refused as refusal:
        raise _refused(field, "phone") from refusal


def _point(field: Field, text: str) -> str:
    point = points.read(text)
    if point is None:
        raise _refused(field, "point")
    if not points.is_supplied(point):
        raise _refused(field, "elsewhere")
    return str(point)


def _number(field: Field, text: str) -> str:
    assert field.least is not None and field.most is not None  # noqa: S101, PT018 - as loaded
    try:
        number = Decimal(_without_unit(field, text))
    except InvalidOperation as error:
        raise _refused(field, "number") from error
    if not number.is_finite():
        raise _refused(field, "number")
    if not field.least <= number <= field.most or number != round(number, field.decimals):
        raise _refused(field, "range", least=field.least, most=field.most)
    return f"{number.normalize():f}"


def _without_unit(field: Field, text: str) -> str:
    """`7 千瓦`, `7kW` -> `7`: the unit of the field may stand behind, in either language."""
    number = _together(text)
    units = (field.unit.zh, field.unit.en) if field.unit else ()
    for unit in map(_together, units):
        if number.endswith(unit):
            return number.removesuffix(unit)
    return number


def _together(text: str) -> str:
    """In one width and case and without gaps; a sign before a number stays."""
    return "".join(half_width(text).casefold().split()).replace("\N{MINUS SIGN}", "-")


def _day(field: Field, text: str) -> str:
    assert field.least is not None and field.most is not None  # noqa: S101, PT018 - as loaded
    try:
        day = date.fromisoformat(plain_day(text))
    except ValueError as error:
        raise _refused(field, "day") from error
    ahead = (day - clock.today()).days
    if not field.least <= ahead <= field.most:
        raise _refused(field, "days", least=field.least, most=field.most)
    return day.isoformat()


def plain_day(text: str) -> str:
    """`2026/12/1` and `2026.12.1` as ISO 8601 has them."""
    parts = unicodedata.normalize("NFKC", text).replace("/", "-").replace(".", "-").split("-")
    return "-".join(part.strip().zfill(2) for part in parts)


def _refused(field: Field, problem: str, **params: Any) -> FieldRefused:
    return FieldRefused(field.name, problem, label=field.label, **params)
