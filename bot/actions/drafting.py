"""The draft of a request: what it needs, what is known of it, what is missing."""

import re
import secrets
from dataclasses import asdict
from datetime import date

from actions import fields
from actions.accounts import Account, accounts_of, is_at, named
from actions.answers import is_question
from actions.forms import Draft
from actions.kinds import FAULT
from actions.messages import Said
from actions.say import Turn
from actions.when import talked_of

FORM = "request_form"
BILL = "bill"


def new_draft(kind: str) -> Draft:
    """A draft of a kind with nothing in it but the key under which it is filed once."""
    return {
        "form": FORM,
        "kind": kind,
        "key": secrets.token_hex(12),
        "step": None,
        "tries": 0,
        "values": {},
    }


async def begun(turn: Turn, said: Said, draft: Draft) -> Draft:
    """The draft with whose account it is about, what its kind needs and what was said of it."""
    accounts = await accounts_of(turn)
    mine = [each for each in named(said, accounts) if is_at(said, each, accounts)]
    elsewhere = bool(said.value("address")) and not mine
    draft = draft | {"said": asdict(said), "accounts": accounts, "elsewhere": elsewhere}
    return await of_account(turn, draft, mine[0] if len(mine) == 1 else None)


async def of_account(turn: Turn, draft: Draft, account_no: str | None) -> Draft:
    """The draft for this account, or for the only one; what was said first is kept."""
    only = [each["account_no"] for each in draft["accounts"] if len(draft["accounts"]) == 1]
    account_no = account_no or (only[0] if only and not draft["elsewhere"] else None)
    kind = await turn.get(f"requests/kinds/{draft['kind']}", account_no=account_no)
    if kind["needs_account"] and only:
        account_no = only[0]
    if not kind["takes_account"]:
        account_no = None
    about = ("name", "fields", "needs_account", "deadline_words")
    draft = draft | {name: kind[name] for name in about} | {"account_no": account_no}
    draft = _unpresuming(draft) if draft["elsewhere"] else draft
    said = Said(**draft["said"])
    told = await _first_values(turn, said, draft)
    values = told | draft["values"]
    unclear = said.value("period") and BILL in _names(draft) and BILL not in values
    return draft | {"values": values, "again": [BILL] if unclear else draft.get("again", [])}


def _names(draft: Draft) -> list[str]:
    return [each["name"] for each in draft["fields"]]


async def _first_values(turn: Turn, said: Said, draft: Draft) -> dict[str, str]:
    """What the first message tells, and the bill that it is about.

    The address of an account that was meant is known better than it was said.
    """
    told = fields.story(draft["fields"], said) | fields.learned(draft["fields"], said, turn.today)
    if draft["account_no"]:
        told = {name: told[name] for name in told if name not in _known_places(draft)}
    told |= await _bill(turn, said, draft)
    return (_urgent_values(draft) if draft.get("urgent") else {}) | told


def _known_places(draft: Draft) -> list[str]:
    return [each["name"] for each in draft["fields"] if each["type"] == "address" and each["known"]]


def own_account(draft: Draft) -> Account | None:
    """The account that the request is about, if it matters to its kind."""
    if not draft["needs_account"] and not _known_places(draft):
        return None
    numbers = (each for each in draft["accounts"] if each["account_no"] == draft["account_no"])
    return next(numbers, None)


def placed_elsewhere(draft: Draft, values: dict[str, str]) -> Draft:
    """The draft for a place that is none of the customer's: their address is not meant."""
    again = [name for name in _known_places(draft) if name not in values]
    here = draft | {"elsewhere": True, "values": draft["values"] | values, "again": again}
    return _unpresuming(here)


def _unpresuming(draft: Draft) -> Draft:
    """The draft without what may stay empty and is known of another place."""
    nothing = {"known": None, "known_words": None}
    return draft | {
        "fields": [each if each["required"] else each | nothing for each in draft["fields"]]
    }


def photos(draft: Draft) -> fields.Field | None:
    """The field for photos, which are a card of their own."""
    return next((each for each in draft["fields"] if each["type"] == fields.PICTURES), None)


def _urgent_values(draft: Draft) -> dict[str, str]:
    """Where seconds count no choice is asked for: it is a danger, or something else."""
    offered = {
        each["name"]: [one["value"] for one in each["choices"] or []] for each in draft["fields"]
    }
    return {
        name: value
        for name, values in offered.items()
        for value in ("other", "danger")
        if value in values
    }


async def _bill(turn: Turn, said: Said, draft: Draft) -> dict[str, str]:
    """The bill of the time that was said, or that was talked of last."""
    field = next((each for each in draft["fields"] if each["name"] == BILL), None)
    days = talked_of(turn, said) if field else None
    if not field or days is None:
        return {}
    found = await turn.get("bills", account_no=draft["account_no"], **days)
    offered = {each["value"] for each in field["choices"] or []}
    about = [
        each["bill_no"] for each in found["bills"] if not offered or each["bill_no"] in offered
    ]
    return {BILL: about[0]} if len(about) == 1 else {}


def lacks_account(draft: Draft) -> bool:
    """An account is asked for where the kind needs one, and for a fault where there are several."""
    if draft["account_no"] or not draft["accounts"]:
        return False
    return draft["needs_account"] or (draft["kind"] == FAULT and not draft["elsewhere"])


def lines(draft: Draft) -> list[fields.Field]:
    """The fields that are shown: what is required or told. Photos are a card of their own."""
    plain = [each for each in draft["fields"] if each["type"] != fields.PICTURES]
    return [each for each in plain if each["required"] or fields.shown(each, draft["values"])]


def missing(draft: Draft) -> fields.Field | None:
    """The next field to ask for: one that was pointed at, else one that nothing is known of."""
    again = draft.get("again", [])
    pointed = [field for field in draft["fields"] if field["name"] in again]
    wanted = [*lines(draft), *(each for each in draft["fields"] if is_worth_asking(draft, each))]
    empty = [field for field in wanted if not fields.shown(field, draft["values"])]
    return next(iter(pointed + empty), None)


def is_worth_asking(draft: Draft, field: fields.Field) -> bool:
    """How much more power is wanted may stay open, but not unasked."""
    is_it = draft["kind"] == "increase_capacity" and field["type"] == "number"
    return is_it and field["name"] not in draft.get("skipped", [])


def skipped(draft: Draft, field: fields.Field) -> Draft:
    """The draft with nothing in a field that may stay empty."""
    name = field["name"]
    return draft | {
        "values": {key: value for key, value in draft["values"].items() if key != name},
        "again": [each for each in draft.get("again", []) if each != name],
        "skipped": [*draft.get("skipped", []), name],
        "step": None,
    }


def noted(draft: Draft, text: str) -> Draft:
    """The draft with something more in the field for words of one's own."""
    name = fields.note_of(draft["fields"])
    before = draft["values"].get(name or "", "")
    if not name or text in before:
        return draft
    note = f"{before}；{text}" if before else text
    return draft | {"values": draft["values"] | {name: note[: fields.NOTE]}}


def asked(draft: Draft) -> fields.Field | None:
    """The field whose question is open."""
    name = (draft["step"] or "").partition("field:")[2]
    return next((each for each in draft.get("fields", []) if each["name"] == name), None)


def filled(draft: Draft, name: str, value: str, said: Said, today: date) -> Draft:
    """The draft with an answer, and with what the answer told beside it."""
    told = fields.learned(draft["fields"], said, today, name) if said.typed else {}
    beside = {key: each for key, each in told.items() if key not in draft["values"]}
    again = [each for each in draft.get("again", []) if each != name]
    return draft | {
        "values": draft["values"] | beside | {name: value},
        "again": again,
        "step": None,
    }


def line_of(said: Said, draft: Draft) -> str | None:
    """The line of the summary that somebody points at, by a button, its label, or what it is."""
    shown = [each for each in draft["fields"] if each["type"] != fields.PICTURES]
    if said.chosen:
        return next((each["name"] for each in shown if each["name"] == said.chosen), None)
    for each in shown:
        if each["label"].lower() in said.typed.lower() or (
            each["type"] in _WHAT and _WHAT[each["type"]].search(said.typed)
        ):
            return each["name"]
    return None


_WHAT = {
    "number": re.compile(r"容量|多大|capacity", re.IGNORECASE),
    "phone": re.compile(r"电话|手机|号码|phone|number", re.IGNORECASE),
    "address": re.compile(r"地址|地方|位置|门牌|address|place", re.IGNORECASE),
    "day": re.compile(r"日期|哪天|时间|date|day", re.IGNORECASE),
}
_INSTEAD = re.compile(
    r"(?:改成|改为|换成|应该是|写成|要写|是|should be|change(?: it)? to|is)"
    r"\s*[:：]?\s*(?P<new>[^，,。]+)",
    re.IGNORECASE,
)


def corrects(said: Said, draft: Draft) -> bool:
    """Whether a line is named and what it should be, whatever that sounds like: 电话改成138…."""
    is_told = _INSTEAD.search(said.typed) and line_of(said, draft)
    return bool(is_told) and not is_question(said.typed)


def renamed(said: Said, draft: Draft) -> dict[str, str]:
    """户名改成李四: the line that is named with the words that follow."""
    name, instead = line_of(said, draft), _INSTEAD.search(said.typed)
    field = next((each for each in draft["fields"] if each["name"] == name), None)
    if not field or not instead or field["type"] not in ("text", "number", "choice"):
        return {}
    value = fields.answer(
        field, Said(instead["new"]), date.fromisoformat(draft["today"]), frozenset()
    )
    return {field["name"]: value} if value else {}
