"""Two wishes in one message: parted only where both halves are clear by themselves."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from actions.answers import is_question
from actions.kinds import named

Parse = dict[str, Any]

CLEAR = 0.6
"""Confidence that each half needs."""

TRIED = 2
"""Places where a message is tried to be parted; each costs two readings."""

_AND = re.compile(
    r"[\s，,。；;！!？?]*(?:顺便|另外|还有(?!多少|几|没|吗|什么|哪|啥)|还想|还要|还得|同时|完了再|然后再?|"
    r"再帮我|再给我|再查|再问|"
    r"\band also\b|\balso\b|\bby the way\b|\band then\b|\bplus\b|\band please\b|\bone more thing\b)"
    r"[\s，,：:]*",
    re.IGNORECASE,
)
_END = re.compile(r"[。；;！!？?\n]+\s*")

FAMILIES = (
    {"query_bill", "explain_bill", "query_balance", "query_usage", "dispute_bill", "usage_report"},
    {"pay_bill", "payment_status"},
    {"request_invoice"},
    {"query_tariff", "recommend_tariff", "saving_tips"},
    {"report_outage", "outage_info", "emergency"},
    {"new_connection", "increase_capacity", "transfer_account", "meter_check", "pv_connection"},
    {"ev_charger"},
    {"request_status", "cancel_request"},
    {"bind_account", "unbind_account"},
    {"manage_reminders"},
    {"elder_mode"},
    {"hall_info"},
)
"""Wishes that belong to one matter: told in two sentences they are still one wish."""

WISHES = frozenset().union(*FAMILIES)

_MINE = re.compile(
    r"我们?(?:现在|目前|一共|都|还)?(?:有|(?:申请|提交?|办|报|交)(?:过|了))"
    r"(?:哪些|什么|几个|几件|多少)(?:申请|业务|报修|工单)|"
    r"\b(?:show|list|see)\b.{0,8}\bmy (?:requests|applications)\b|^my (?:requests|applications)\b|"
    r"\bwhich (?:requests|applications) (?:do|have) i\b",
    re.IGNORECASE,
)
_MIGHT = re.compile(r"[能想要]|可以|怎么|\b(?:can|could|how)\b", re.IGNORECASE)
"""Who asks what can be done does not ask for what was."""


async def parted(text: str, read: Callable[[str], Awaitable[Parse]]) -> list[tuple[str, Parse]]:
    """The wishes in the order in which they are served, danger first; fewer than two: one wish."""
    for first, second, joined in _halves(text)[:TRIED]:
        before = await read(first)
        if not _wish(before):
            continue
        after = await read(second)
        if _are_two(_wish(before), _wish(after), joined):
            wishes = [(first, before), (second, after)]
            return sorted(wishes, key=lambda wish: _wish(wish[1]) != "emergency")
    return []


def _halves(text: str) -> list[tuple[str, str, bool]]:
    """Where the message may be parted: at a joining word first, then at the end of a sentence."""
    places = [(found, True) for found in _AND.finditer(text)]
    places += [(found, False) for found in _END.finditer(text)]
    halves = [
        (text[: at.start()].strip(), text[at.end() :].strip(), joined) for at, joined in places
    ]
    return [(first, second, joined) for first, second, joined in halves if first and second]


def _wish(parse: Parse) -> str | None:
    """The intent, when it is a wish and clear."""
    intent = parse["intent"]
    return intent["name"] if intent["name"] in WISHES and intent["confidence"] >= CLEAR else None


def _are_two(first: str | None, second: str | None, joined: bool) -> bool:
    """Two different wishes; without a joining word they must be of different matters as well."""
    if not first or not second or first == second:
        return False
    return joined or not any({first, second} <= family for family in FAMILIES)


def told_by_words(text: str) -> str | None:
    """The intent of a message whose words leave no doubt, whatever it was taken for.

    A kind of request that no intent asks for is opened as `complaint`, which `actions.kinds` tells
    apart by the same words; who only asks about it is answered as before.
    """
    if _MINE.search(text) and not _MIGHT.search(text):
        return "request_status"
    return "complaint" if named(text) and not is_question(text) else None
