"""Everything that the rooms below can say has a sentence."""

import ast
from pathlib import Path

from portal import words

ROOT = Path(__file__).parent.parent.parent
REFUSALS = {"Refused", "NotFound", "Forbidden", "TooManyTries", "Conflict", "Unavailable"}
OPERATORS = ("sync.",)  # said on the operator's command line
UNSPOKEN = {
    "staff.has_admin",  # said on the operator's command line
    "service_order.not_found",  # said by the core to the job of a request
    "service_order.key_reused",
    "service_order.cannot_move",
    "service_order.refused",
    "posting.refused",  # said by the core to the posting job, seen by operators
    "posting.key_reused",
    "posting.not_found",
    "reversal.too_much",
    "reversal.key_reused",
    "reversal.refused",
    "settlement.malformed",
    "bill.cannot_rebill",  # said by the core to the job that has a bill made again
    "bill.rebill_failed",
}


def refusal_codes() -> set[str]:
    """Every code that service and payments raise, read from their source."""
    found: set[str] = set()
    for room in ("service", "payments"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in REFUSALS:
                    found.update(
                        each.value
                        for each in node.args[:1]
                        if isinstance(each, ast.Constant) and isinstance(each.value, str)
                    )
    return found


def limit_codes() -> set[str]:
    from service.people import limits

    return {each.code for each in vars(limits).values() if isinstance(each, limits.Limit)}


def test_every_refusal_has_a_sentence() -> None:
    said = refusal_codes() | limit_codes()
    assert len(said) > 20
    spoken = {code for code in said - UNSPOKEN if not code.startswith(OPERATORS)}
    assert spoken - set(words.REFUSALS) == set()
