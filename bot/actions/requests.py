"""Requests of every kind by one form: what a kind needs to know, the portal says."""

import re
import secrets
from datetime import date

from rasa_sdk.events import EventType

from actions import fields
from actions.accounts import accounts_of, buttons, named, picked
from actions.answers import is_clear_yes, is_no
from actions.api import Refused, Unavailable, WhichAccount
from actions.days import days_of
from actions.forms import (
    Ask,
    Check,
    Draft,
    Errand,
    Open,
    Said,
    Submit,
    Taken,
    Unusable,
    choice,
    reopen,
)
from actions.outages import known_outage
from actions.say import Turn

KINDS = {
    "report_outage": "outage_repair",
    "emergency": "outage_repair",
    "new_connection": "new_connection",
    "increase_capacity": "increase_capacity",
    "transfer_account": "transfer",
    "meter_check": "meter_check",
    "pv_connection": "pv_connection",
    "ev_charger": "ev_charger",
    "dispute_bill": "dispute",
    "complaint": "complaint",
    "human_handoff": "call_back",
}
"""What each wish asks for; everything else about a kind comes from the portal."""

ELSEWHERE = "elsewhere"
"""The button for a place that is none of the customer's accounts."""
OFFER, ACCOUNT, OUTAGE, CONFIRM, CHANGE = "offer", "account", "outage", "confirm", "change"
BILL = "bill"


class Requesting(Errand):
    """`values` are what was said; what is known already is sent by nobody and kept by the portal.

    `again` names fields that are asked for although something is known; `urgent` is a danger.
    """

    form = "request_form"
    personal = False
    optional = frozenset({OFFER, OUTAGE})

    def wishes(self, draft: Draft) -> frozenset[str]:
        return frozenset(intent for intent, kind in KINDS.items() if kind == draft.get("kind"))

    def is_free_text(self, draft: Draft) -> bool:
        field = _asked(draft)
        return field is not None and field["type"] == "text"

    async def begin(self, turn: Turn, said: Said) -> Draft | None:
        accounts = await accounts_of(turn)
        mine = [] if said.value("address") else named(said, accounts)
        draft = new_draft(KINDS.get(said.chosen or said.intent, said.chosen or "complaint"))
        draft |= {"accounts": accounts, "account_no": mine[0] if mine else None}
        draft = await _described(turn, draft)
        return draft | {"values": await _first_values(turn, said, draft)}

    def changes(self, said: Said, draft: Draft) -> Draft:
        """At the summary, whatever is said anew; before, nothing but what is asked."""
        if (
            draft["step"] not in (CONFIRM, CHANGE)
            or said.chosen
            or not said.answers(self.wishes(draft))
        ):
            return {}
        told = fields.learned(draft["fields"], said, date.fromisoformat(draft["today"]))
        told |= _renamed(said, draft)
        changed = {
            name: value for name, value in told.items() if value != draft["values"].get(name)
        }
        return {"values": draft["values"] | changed} if changed else {}

    async def ask(self, turn: Turn, draft: Draft) -> Draft | None:
        draft["today"] = turn.today.isoformat()
        if draft.get("urgent") and not draft.get("offered"):
            turn.say("utter_emergency_offer")
            return draft | {"step": OFFER}
        if draft["step"] == CHANGE:
            turn.say(
                "utter_request_change",
                [choice(each["label"], each["name"]) for each in _fields(draft)],
            )
            return draft
        try:
            return await self._ask(turn, draft)
        except Unavailable:
            if not draft.get("urgent"):
                raise
            turn.say("utter_emergency_by_phone")
            return None

    async def _ask(self, turn: Turn, draft: Draft) -> Draft | None:
        if "fields" not in draft:
            draft = await self._caught_up(turn, draft)
        if _lacks_account(draft):
            return _ask_account(turn, draft)
        if sentence := await _known_outage(turn, draft):
            turn.say("utter_request_known_outage", sentence=sentence)
            return draft | {"step": OUTAGE}
        field = _missing(draft)
        if field:
            _ask_field(turn, field)
            return draft | {"step": f"field:{field['name']}"}
        return _summarise(turn, draft)

    async def _caught_up(self, turn: Turn, draft: Draft) -> Draft:
        """A danger was told of before the portal was asked: now what is needed to report it."""
        said = Said(**draft["said"])
        accounts = await accounts_of(turn)
        mine = [] if said.value("address") else named(said, accounts)
        draft = await _described(
            turn, draft | {"accounts": accounts, "account_no": mine[0] if mine else None}
        )
        return draft | {"values": await _first_values(turn, said, draft)}

    async def take(self, turn: Turn, said: Said, draft: Draft) -> Taken | None:
        step, today = draft["step"], turn.today
        if step in (OFFER, OUTAGE):
            return self._take_yes(
                said, draft, {"offered" if step == OFFER else "outage_told": True}
            )
        if step == ACCOUNT:
            return await self._take_account(turn, said, draft)
        if changed := self.changes(said, draft):
            return Taken(draft | changed | {"step": None})
        field = _asked(draft)
        if field:
            value = fields.answer(field, said, today, self.wishes(draft))
            return (
                None if value is None else Taken(_filled(draft, field["name"], value, said, today))
            )
        return self._decide(said, draft)

    def _take_yes(self, said: Said, draft: Draft, agreed: Draft) -> Taken | None:
        if is_clear_yes(said.intent, said.text) or said.intent in self.wishes(draft) - {
            "emergency"
        }:
            return Taken(draft | agreed | {"step": None})
        if not said.answers(()):
            return None
        raise Unusable("utter_form_yes_or_no")

    async def _take_account(self, turn: Turn, said: Said, draft: Draft) -> Taken | None:
        numbers = picked(said, draft["accounts"])
        if numbers == [ELSEWHERE] or (not draft["needs_account"] and said.value("address")):
            values = fields.learned(draft["fields"], said, turn.today)
            return Taken(
                draft | {"elsewhere": True, "values": draft["values"] | values, "step": None}
            )
        if numbers:
            described = await _described(turn, draft | {"account_no": numbers[0]})
            return Taken(described | {"step": None})
        if not said.answers(self.wishes(draft)):
            return None
        raise Unusable("utter_form_which_account")

    def _decide(self, said: Said, draft: Draft) -> Taken | None:
        """At the summary: a yes, or which line of it is wrong."""
        if draft["step"] == CONFIRM and is_clear_yes(said.intent, said.text):
            return Taken(draft, agreed=True)
        if name := _line_of(said, draft):
            values = {key: value for key, value in draft["values"].items() if key != name}
            return Taken(draft | {"values": values, "again": [name], "step": None})
        if is_no(said.intent, said.typed):
            return Taken(draft | {"step": CHANGE})
        if not said.answers(self.wishes(draft)):
            return None
        raise Unusable("utter_form_yes_or_no")

    async def submit(self, turn: Turn, draft: Draft) -> list[EventType]:
        body = {
            "kind": draft["kind"],
            "account_no": draft["account_no"],
            "fields": draft["values"],
            "key": draft["key"],
        }
        try:
            request = await turn.post("requests", body)
        except Refused as refusal:
            return _refused(turn, draft, refusal)
        turn.sentence(request["sentence"])
        turn.card("request", request_no=request["request_no"])
        if draft["documents"]:
            turn.say(
                "utter_request_documents",
                documents="\n".join(f"· {each}" for each in draft["documents"]),
            )
        return []


def new_draft(kind: str) -> Draft:
    """A draft of a kind with nothing in it but the key under which it is filed once."""
    return {
        "form": Requesting.form,
        "kind": kind,
        "key": secrets.token_hex(12),
        "step": None,
        "tries": 0,
        "values": {},
    }


async def _described(turn: Turn, draft: Draft) -> Draft:
    """The draft with what the portal says of its kind, for the account as far as it is known."""
    own = draft.get("accounts") or []
    account_no = draft["account_no"] or (own[0]["account_no"] if len(own) == 1 else None)
    try:
        kind = await turn.get(f"requests/kinds/{draft['kind']}", account_no=account_no)
    except WhichAccount as which:
        kind = {"name": "", "fields": [], "documents": [], "needs_account": True}
        draft = draft | {"accounts": which.accounts}
    about = {
        name: kind.get(name)
        for name in ("name", "fields", "needs_account", "documents", "deadline_words")
    }
    return draft | about | {"account_no": account_no}


async def _first_values(turn: Turn, said: Said, draft: Draft) -> dict[str, str]:
    """What the first message tells, and the bill that it is about."""
    told = fields.story(draft["fields"], said) | fields.learned(draft["fields"], said, turn.today)
    told |= await _bill(turn, said, draft)
    return (_urgent_values(draft) if draft.get("urgent") else {}) | told


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
    period = said.value("period") or (turn.slot("last_question") or {}).get("period")
    days = days_of(period, turn.today) if field and period else None
    if not field or days is None:
        return {}
    found = await turn.get(
        "bills", **{"from": days[0], "to": days[1], "account_no": draft["account_no"]}
    )
    offered = {each["value"] for each in field["choices"] or []}
    about = [
        each["bill_no"] for each in found["bills"] if not offered or each["bill_no"] in offered
    ]
    return {BILL: about[0]} if about else {}


def _lacks_account(draft: Draft) -> bool:
    """An account is asked for where the kind needs one, and for a fault where there are several."""
    if draft["account_no"] or draft.get("elsewhere") or not draft["accounts"]:
        return False
    at_home = draft["kind"] == "outage_repair" and "address" not in draft["values"]
    return draft["needs_account"] or at_home


def _ask_account(turn: Turn, draft: Draft) -> Draft:
    offered = buttons(draft["accounts"])
    turn.say("utter_request_account" if draft["needs_account"] else "utter_request_where", offered)
    return draft | {"step": ACCOUNT}


async def _known_outage(turn: Turn, draft: Draft) -> str | None:
    """What is known of an outage at the place of a fault; told once, and not in a danger."""
    if draft["kind"] != "outage_repair" or draft.get("urgent") or draft.get("outage_told"):
        return None
    return await known_outage(turn, draft["account_no"], draft["values"].get("address"))


def _fields(draft: Draft) -> list[fields.Field]:
    """The fields that are shown: what is required or told. Photos are a card of their own."""
    plain = [each for each in draft["fields"] if each["type"] != fields.PICTURES]
    return [each for each in plain if each["required"] or fields.shown(each, draft["values"])]


def _missing(draft: Draft) -> fields.Field | None:
    again = draft.get("again", [])
    for field in _fields(draft):
        if field["name"] in again or not fields.shown(field, draft["values"]):
            return field
    return None


def _asked(draft: Draft) -> fields.Field | None:
    """The field whose question is open."""
    name = (draft["step"] or "").partition("field:")[2]
    return next((each for each in draft.get("fields", []) if each["name"] == name), None)


def _ask_field(turn: Turn, field: fields.Field) -> None:
    offered = [choice(each["title"], each["value"]) for each in field["choices"] or []]
    turn.say(f"utter_field_{field['type']}", offered, label=field["label"])


def _filled(draft: Draft, name: str, value: str, said: Said, today: date) -> Draft:
    """The draft with an answer, and with what the answer told beside it."""
    told = fields.learned(draft["fields"], said, today, name) if said.typed else {}
    beside = {key: each for key, each in told.items() if key not in draft["values"]}
    again = [each for each in draft.get("again", []) if each != name]
    return draft | {
        "values": draft["values"] | beside | {name: value},
        "again": again,
        "step": None,
    }


def _summarise(turn: Turn, draft: Draft) -> Draft:
    """All that will be filed, for a yes; photos may be added to it."""
    lines = [f"{each['label']}：{fields.shown(each, draft['values'])}" for each in _fields(draft)]
    own = next(
        (each for each in draft["accounts"] if each["account_no"] == draft["account_no"]), None
    )
    name = f"{draft['name']} · {own['label']} …{own['tail']}" if own else draft["name"]
    deadline = draft["deadline_words"] or ""
    turn.say("utter_request_summary", name=name, lines="\n".join(lines), deadline=deadline)
    if any(each["type"] == fields.PICTURES for each in draft["fields"]) and not draft.get(
        "photos_offered"
    ):
        turn.card("photo", draft=draft["key"])
    return draft | {"step": CONFIRM, "photos_offered": True}


def _line_of(said: Said, draft: Draft) -> str | None:
    """The line of the summary that somebody points at, by a button, its label, or what it is."""
    shown = _fields(draft)
    if said.chosen:
        return next((each["name"] for each in shown if each["name"] == said.chosen), None)
    for each in shown:
        if each["label"].lower() in said.typed.lower() or (
            each["type"] in _WHAT and _WHAT[each["type"]].search(said.typed)
        ):
            return each["name"]
    return None


_WHAT = {
    "phone": re.compile(r"电话|手机|号码|phone|number", re.IGNORECASE),
    "address": re.compile(r"地址|地方|位置|门牌|address|place", re.IGNORECASE),
    "day": re.compile(r"日期|哪天|时间|date|day", re.IGNORECASE),
}
_INSTEAD = re.compile(
    r"(?:改成|改为|换成|应该是|写成|要写|是|should be|change(?: it)? to|is)"
    r"\s*[:：]?\s*(?P<new>[^，,。]+)",
    re.IGNORECASE,
)


def _renamed(said: Said, draft: Draft) -> dict[str, str]:
    """户名改成李四: the line that is named with the words that follow."""
    name, instead = _line_of(said, draft), _INSTEAD.search(said.typed)
    field = next((each for each in _fields(draft) if each["name"] == name), None)
    if not field or not instead or field["type"] not in ("text", "number", "choice"):
        return {}
    value = fields.answer(
        field, Said(instead["new"]), date.fromisoformat(draft["today"]), frozenset()
    )
    return {field["name"]: value} if value else {}


def _refused(turn: Turn, draft: Draft, refusal: Refused) -> list[EventType]:
    """A field that the portal does not take is asked for again; every other no ends the matter."""
    name = refusal.body.get("field")
    if refusal.code != "request.field" or name not in {each["name"] for each in _fields(draft)}:
        raise refusal
    turn.sentence(refusal.sentence)
    values = {key: value for key, value in draft["values"].items() if key != name}
    return reopen(draft | {"values": values, "again": [name]})


REQUESTING = Requesting()


class OpenRequest(Open):
    errand = REQUESTING

    def name(self) -> str:
        return "action_open_request"


class CheckRequest(Check):
    errand = REQUESTING

    def name(self) -> str:
        return "validate_request_form"


class AskRequest(Ask):
    errand = REQUESTING

    def name(self) -> str:
        return "action_ask_request_form_answer"


class SubmitRequest(Submit):
    errand = REQUESTING

    def name(self) -> str:
        return "action_submit_request"
