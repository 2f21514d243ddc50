"""Reminders on or off, with a sum where one has it. Only kinds that the portal has."""

import re

from rasa_sdk.events import EventType

from actions.accounts import accounts_of, buttons, named, picked
from actions.amounts import meant_fen_of
from actions.api import WhichAccount
from actions.automatic import leads_to_automatic
from actions.forms import Ask, Check, Draft, Errand, Open, Submit, Taken, Unusable, reopen
from actions.messages import Said, choice
from actions.say import Turn

KINDS = {
    "low_balance": re.compile(
        r"余额|充值|预存|没钱|剩.{0,4}钱|低于|不足|少于|balance|top.?up|credit|below|under",
        re.IGNORECASE,
    ),
    "outages": re.compile(r"停电|检修|来电|outage|power cut|maintenance", re.IGNORECASE),
    "bill": re.compile(r"账单|帐单|电费|缴费|催|欠费|bill|payment due|pay", re.IGNORECASE),
}
_OFF = re.compile(
    r"关|取消|停掉|停了|不要|不想|不用|别再|别给|莫|退订|少发|烦死|唔好|"
    r"\boff\b|\bstop\b|unsubscribe|disable|\bno more\b|don't|\bcancel\b",
    re.I,
)
_ON = re.compile(
    r"开|订阅|提醒|通知|告诉|设|改|发给?我|要|"
    r"\bon\b|remind|notify|tell me|alert|enable|set|let me know",
    re.IGNORECASE,
)
_TELL = re.compile(r"提醒|通知|告诉|remind|notify|tell|alert", re.IGNORECASE)
_BELOW = re.compile(r"(?:低于|少于|不足|不到|剩|below|under|less than)\s*\d", re.IGNORECASE)
_OTHERWISE = re.compile(r"改成|改为|换成|换到|切换|switch|change|instead", re.IGNORECASE)
"""Not off but otherwise: 不要短信，改成微信."""


class Reminding(Errand):
    """`kind` and `on` are what is wanted; what is said at once is done at once."""

    form = "reminder_form"

    def wishes(self, draft: Draft) -> frozenset[str]:
        return frozenset({"manage_reminders"})

    async def begin(self, turn: Turn, said: Said) -> Draft | None:
        if not _TELL.search(said.typed) and leads_to_automatic(turn, said):
            return None
        listed = await turn.get("reminders")
        offered = {each["kind"]: each["words"] for each in listed["reminders"]}
        draft = {
            "accounts": await accounts_of(turn),
            "offered": offered,
            "account_no": None,
            "kind": next(iter(offered)) if len(offered) == 1 else None,
            "on": None,
            "threshold_fen": None,
            "which": False,
        }
        draft |= _wanted(said, draft)
        if _is_complete(draft):
            return await _set(turn, draft)
        turn.sentence(listed["sentence"])
        if not offered or (draft["kind"] and draft["kind"] not in offered):
            turn.card("link", to="reminders")
            return None
        return draft

    async def ask(self, turn: Turn, draft: Draft) -> Draft | None:
        if draft["which"]:
            turn.say("utter_reminder_account", buttons(draft["accounts"]))
            return draft | {"step": "account"}
        if draft["kind"] is None:
            turn.say(
                "utter_reminder_which",
                [choice(words, kind) for kind, words in draft["offered"].items()],
            )
            return draft | {"step": "kind"}
        turn.say("utter_reminder_on_or_off")
        return draft | {"step": "on"}

    async def take(self, turn: Turn, said: Said, draft: Draft) -> Taken | None:
        if draft["step"] == "account" and (numbers := picked(said, draft["accounts"])):
            return Taken(draft | {"account_no": numbers[0], "which": False}, agreed=True)
        wanted = (
            _wanted(said, draft) if said.may_answer({"manage_reminders"}) or said.chosen else {}
        )
        if wanted:
            changed = draft | wanted
            return Taken(changed | {"step": None}, agreed=_is_complete(changed))
        if said.is_other({"manage_reminders"}):
            return None
        raise Unusable("utter_reminder_bad")

    async def submit(self, turn: Turn, draft: Draft) -> list[EventType]:
        asked = await _set(turn, draft)
        return reopen(asked) if asked else []


def _is_complete(draft: Draft) -> bool:
    return draft["kind"] in draft["offered"] and draft["on"] is not None


async def _set(turn: Turn, draft: Draft) -> Draft | None:
    """Switch the reminder; the draft comes back when it is to be said for which account."""
    body = {name: draft[name] for name in ("kind", "on", "threshold_fen", "account_no")}
    try:
        found = await turn.post("reminders", body)
    except WhichAccount as which:
        return draft | {"accounts": which.accounts, "which": True}
    turn.sentence(found["sentence"])
    turn.card("link", to="reminders")
    return None


def _wanted(said: Said, draft: Draft) -> Draft:
    """What a message or a button says of the reminder that is wanted."""
    if said.chosen:
        return (
            {"on": said.chosen == "on"} if said.chosen in ("on", "off") else {"kind": said.chosen}
        )
    kind = next((kind for kind, words in KINDS.items() if words.search(said.typed)), None)
    on = False if _OFF.search(said.typed) else True if _ON.search(said.typed) else None
    on = None if on is False and _OTHERWISE.search(said.typed) else on
    numbers = named(said, draft["accounts"])
    marked = said.values("amount") or _BELOW.search(said.typed)
    fen = meant_fen_of(said.typed, named=not marked)
    found = {
        "kind": kind,
        "on": on,
        "threshold_fen": fen,
        "account_no": numbers[0] if len(numbers) == 1 else None,
    }
    return {name: value for name, value in found.items() if value is not None}


REMINDING = Reminding()


class OpenReminder(Open):
    errand = REMINDING


class CheckReminder(Check):
    errand = REMINDING


class AskReminder(Ask):
    errand = REMINDING


class SubmitReminder(Submit):
    errand = REMINDING
