"""What a customer is told: topics, channels and hours; a low balance with its sum."""

import re

from rasa_sdk.events import EventType

from actions.accounts import accounts_of, buttons, named, picked
from actions.amounts import meant_fen_of
from actions.api import Refused, WhichAccount
from actions.automatic import leads_to_automatic
from actions.forms import Ask, Check, Draft, Errand, Open, Submit, Taken, Unusable, reopen
from actions.messages import Said
from actions.notices import HOUR, OFF, ON, Wish, hours_of, wish_of
from actions.say import Turn

LOW_BALANCE = "low_balance"
MINE = frozenset({"manage_reminders"})
_BALANCE = re.compile(
    r"余额|充值|预存|没钱|剩.{0,4}钱|用完|低于|不足|少于|阈值|门槛|预警|"
    r"balance|top.?up|credit|below|under|threshold",
    re.IGNORECASE,
)
_TELL = re.compile(r"提醒|通知|告诉|remind|notify|tell|alert", re.IGNORECASE)
_BELOW = re.compile(r"(?:低于|少于|不足|不到|剩|below|under|less than)\s*\d", re.IGNORECASE)
_OTHERWISE = re.compile(r"改成|改为|换成|换到|切换|switch|change|instead", re.IGNORECASE)
"""Not off but otherwise: 不要短信，改成微信."""
_HOUR = re.compile(r"\d\d:\d\d")


class Reminding(Errand):
    """A draft has a `wish` that is said and agreed to, or it is of a low balance.

    `on` and the sum of a low balance are done at once where they are said at once.
    """

    form = "reminder_form"
    optional = frozenset({"agree", "hour"})

    def wishes(self, draft: Draft) -> frozenset[str]:
        return MINE

    async def begin(self, turn: Turn, said: Said) -> Draft | None:
        if not _TELL.search(said.typed) and leads_to_automatic(turn, said):
            return None
        if _BALANCE.search(said.typed) or said.values("amount"):
            return await _balance(turn, said)
        if wish := wish_of(said.typed):
            return {"wish": wish}
        _show(turn)
        return None

    async def ask(self, turn: Turn, draft: Draft) -> Draft | None:
        if "wish" in draft:
            return await _offered(turn, draft)
        if draft["which"]:
            turn.say("utter_reminder_account", buttons(draft["accounts"]))
            return draft | {"step": "account"}
        turn.say("utter_reminder_on_or_off")
        return draft | {"step": "on"}

    async def take(self, turn: Turn, said: Said, draft: Draft) -> Taken | None:
        if "wish" in draft:
            return _taken(said, draft)
        if draft["step"] == "account" and (numbers := picked(said, draft["accounts"])):
            return Taken(draft | {"account_no": numbers[0], "which": False}, agreed=True)
        wanted = _wanted(said, draft) if said.may_answer(MINE) or said.chosen else {}
        if wanted:
            changed = draft | wanted
            return Taken(changed | {"step": None}, agreed=changed["on"] is not None)
        if said.is_other(MINE):
            return None
        raise Unusable("utter_reminder_bad")

    async def submit(self, turn: Turn, draft: Draft) -> list[EventType]:
        if "wish" in draft:
            done = await turn.post("notices", draft["wish"])
            _answered(turn, done["sentence"])
            return []
        asked = await _set(turn, draft)
        return reopen(asked) if asked else []


def _show(turn: Turn) -> None:
    """What is set now, and how it is changed."""
    turn.say("utter_notices_now")
    turn.card("notices")


def _answered(turn: Turn, sentence: str) -> None:
    turn.sentence(sentence)
    turn.card("notices")


async def _offered(turn: Turn, draft: Draft) -> Draft | None:
    """Say what would change and ask for a yes; None where nothing would, or it cannot be."""
    if HOUR in draft["wish"]:
        turn.say("utter_notice_hour")
        return draft | {"step": "hour"}
    try:
        found = await turn.post("notices/offer", draft["wish"])
    except Refused as refusal:
        if not refusal.code.startswith(("notice.", "preference.")):
            raise
        _answered(turn, refusal.sentence)
        return None
    if not found["changes"]:
        _answered(turn, found["sentence"])
        return None
    turn.say("utter_notice_agree", sentence=found["sentence"])
    return draft | {"step": "agree"}


def _taken(said: Said, draft: Draft) -> Taken | None:
    """A yes, an hour, or something else that is wished instead."""
    if draft["step"] == "agree" and (said.is_yes or said.chosen == "yes"):
        return Taken(draft, agreed=True)
    wish = _answered_wish(said, draft)
    if wish:
        return Taken({"wish": wish, "form": draft["form"], "step": None})
    if said.is_other(MINE):
        return None
    raise Unusable("utter_notice_yes_or_no")


def _answered_wish(said: Said, draft: Draft) -> Wish:
    if said.chosen:
        return {"quiet_from": said.chosen} if _HOUR.fullmatch(said.chosen) else {}
    if not said.may_answer(MINE):
        return {}
    if draft["step"] == "hour" and "quiet_from" in (found := hours_of(f"晚上{said.typed}点免打扰")):
        return found
    return wish_of(said.typed) if said.intent in MINE else {}


async def _balance(turn: Turn, said: Said) -> Draft | None:
    """A low balance: done at once where enough was said; None where there is none to tell."""
    listed = await turn.get("reminders")
    draft = {
        "accounts": await accounts_of(turn),
        "account_no": None,
        "on": None,
        "threshold_fen": None,
        "which": False,
    }
    draft |= _wanted(said, draft)
    if listed["reminders"] and draft["on"] is not None:
        return await _set(turn, draft)
    turn.sentence(listed["sentence"])
    if listed["reminders"]:
        return draft
    turn.card("link", to="reminders")
    return None


async def _set(turn: Turn, draft: Draft) -> Draft | None:
    """Switch the reminder; the draft comes back when it is to be said for which account."""
    body = {name: draft[name] for name in ("on", "threshold_fen", "account_no")}
    try:
        found = await turn.post("reminders", {"kind": LOW_BALANCE} | body)
    except WhichAccount as which:
        return draft | {"accounts": which.accounts, "which": True}
    turn.sentence(found["sentence"])
    turn.card("link", to="reminders")
    return None


def _wanted(said: Said, draft: Draft) -> Draft:
    """What a message or a button says of the low balance."""
    if said.chosen:
        return {"on": said.chosen == "on"} if said.chosen in ("on", "off") else {}
    on = False if OFF.search(said.typed) else True if ON.search(said.typed) else None
    on = None if on is False and _OTHERWISE.search(said.typed) else on
    numbers = named(said, draft["accounts"])
    marked = said.values("amount") or _BELOW.search(said.typed)
    found = {
        "on": on,
        "threshold_fen": meant_fen_of(said.typed, named=not marked),
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
