"""Cases and statements as JSON. Numbers are read exactly; whatever comes in, an answer goes out."""

import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Final

from rating.case import CaseError, Repeated, parse_case
from rating.rules import rate
from rating.statement import Line, Statement

INPUT: Final = "$"
"""The field that an error names when the input as a whole is at fault."""

LONGEST_INT: Final = 40
NOT_A_NUMBER: Final = Decimal("NaN")


def rate_json(text: bytes) -> tuple[object, bool]:
    """Rate the case or the array of cases in `text`: what to print, and whether all were rated."""
    try:
        given = read_json(text)
    except CaseError as error:
        return _refusal(error), False
    if not isinstance(given, list):
        result = _rated(given)
        return result, "error" not in result
    results = [_rated(case) for case in given]
    return results, not any("error" in result for result in results)


def read_json(text: bytes) -> object:
    """JSON with exact numbers and every repeated field remembered. Raises CaseError."""
    if not text.strip():
        raise CaseError(INPUT, "is empty: give one case or an array of cases as JSON")
    try:
        return json.loads(
            text.decode("utf-8-sig"),
            parse_float=_exact,
            parse_int=_whole,
            parse_constant=_exact,
            object_pairs_hook=_fields,
        )
    except UnicodeDecodeError as error:
        raise CaseError(INPUT, "is not UTF-8 text") from error
    except RecursionError as error:
        raise CaseError(INPUT, "is nested too deeply") from error
    except json.JSONDecodeError as error:
        what, where = error.msg.removesuffix(" at"), f"line {error.lineno}, column {error.colno}"
        raise CaseError(INPUT, f"is not JSON: {what} at {where}") from error


def statement_fields(statement: Statement) -> dict[str, object]:
    """A statement for JSON: money as whole fen, decimals as text so that they stay exact."""
    return {
        "tariff": statement.tariff,
        "period": statement.period,
        "version": statement.version,
        "lines": [dict(_line_fields(line)) for line in statement.lines],
        "kwh_total": _quantity(statement.kwh_total),
        "consumption_fen": statement.consumption_fen,
        "export_fen": statement.export_fen,
        "late_fen": statement.late_fen,
        "total_fen": statement.total_fen,
    }


def _line_fields(line: Line) -> Iterator[tuple[str, object]]:
    yield "code", line.code
    if line.unit == "days":
        yield "quantity", str(line.quantity)
    else:
        yield "kwh" if line.unit == "kwh" else "quantity", _quantity(line.quantity)
    yield "unit", line.unit
    yield "rate", plain(line.rate)
    if line.base_fen is not None:
        yield "base_fen", line.base_fen
    yield "amount_fen", line.amount_fen
    yield "explain", line.explain


def plain(number: Decimal) -> str:
    """The shortest way to write a decimal without an exponent: 34.560 is "34.56"."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _quantity(number: Decimal) -> str:
    return f"{number:.2f}"


def _rated(given: object) -> dict[str, object]:
    try:
        return statement_fields(rate(parse_case(given)))
    except CaseError as error:
        return _refusal(error)


def _refusal(error: CaseError) -> dict[str, object]:
    message = "the input " + error.reason if error.field == INPUT else str(error)
    return {"error": {"field": error.field, "message": message}}


def _exact(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent beyond what a decimal can hold
        return NOT_A_NUMBER


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) <= LONGEST_INT else _exact(text)


def _fields(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields: dict[str, object] = {}
    for name, value in pairs:
        if name in fields:
            return Repeated(name)
        fields[name] = value
    return fields
