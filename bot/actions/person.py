"""A person behind the assistant: now, or on the telephone when the desk is open again."""

import re
from typing import Any

from rasa_sdk import FormValidationAction, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answers import is_clear_yes, is_no, is_stop, phone_of
from actions.api import Refused, Unavailable
from actions.say import Turn
from actions.summary import summary
from actions.talk import is_angry
from actions.topic import Topic

REGISTERED = "registered"
"""The phone the customer is registered with, which only the portal knows."""
NONE = "none"

RECENT = 6
"""Messages that tell why a person is asked for."""

_OFF = re.compile(r"关|退出|取消|恢复|\boff\b|exit", re.I)
_OFF_WHERE_ON = re.compile(r"不要|不用|正常|普通|小字|小一?点|normal|stop|smaller", re.I)


class Handoff(Topic):
    """Puts the customer in the desk's queue; outside its hours a call back is offered."""

    def name(self) -> str:
        return "action_handoff"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Whatever was under way is over, also where nobody could be asked."""
        return await super().run(dispatcher, tracker, domain) or [SlotSet("call_back", False)]

    async def act(self, turn: Turn) -> list[EventType]:
        desk = (await turn.get("context"))["desk"]
        if desk["open"]:
            await _ask_for_person(turn)
            return [SlotSet("call_back", False), SlotSet("pending_wish", None)]
        phone = await _registered_phone(turn)
        turn.say("utter_desk_closed", hours=desk["words"])
        return [
            SlotSet("call_back", True),
            SlotSet("known_phone", phone),
            SlotSet("callback_phone", None),
        ]


async def _ask_for_person(turn: Turn, phone: str | None = None) -> None:
    body = {"reason": reason(turn), "summary": summary(turn), "phone": phone}
    turn.sentence((await turn.post("handoff", body))["sentence"])


def reason(turn: Turn) -> str:
    """Why a person is asked for, in the desk's words: danger goes before all who wait."""
    intents = turn.intents[-RECENT:]
    if "emergency" in intents:
        return "emergency"
    if is_angry(turn):
        return "angry"
    before = [intent for intent in intents if intent not in ("human_handoff", "affirm")]
    return "not_understood" if before[-1:] == ["nlu_fallback"] else "asked"


async def _registered_phone(turn: Turn) -> str | None:
    """The customer's phone, masked, as the portal says it; None for a stranger."""
    if not turn.signed_in:
        return None
    try:
        kind = await turn.get("requests/kinds/call_back")
    except (Refused, Unavailable):
        return None
    return next((each["known_words"] for each in kind["fields"] if each["name"] == "phone"), None)


class AskCallbackPhone(Topic):
    """Asks where to call back: the registered phone, when there is one, only wants a yes."""

    def name(self) -> str:
        return "action_ask_callback_phone"

    async def act(self, turn: Turn) -> list[EventType]:
        phone = turn.slot("known_phone")
        if phone:
            turn.say("utter_callback_to", phone=phone)
        else:
            turn.say("utter_callback_which")
        return []


class ValidateCallback(FormValidationAction):
    """Takes a yes to the registered phone, another number, or a no; all else is a digression."""

    def name(self) -> str:
        return "validate_callback_form"

    async def extract_callback_phone(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        if tracker.slots.get("requested_slot") != "callback_phone":
            return {}
        answer = _where_to_call(Turn(dispatcher, tracker))
        return {"callback_phone": answer} if answer else {}

    def validate_callback_phone(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        """Nothing is left to check: only what can be called is taken as an answer."""
        return {"callback_phone": value}


def _where_to_call(turn: Turn) -> str | None:
    phone = phone_of(turn.text)
    if phone:
        return phone
    if is_stop(turn.intent, turn.text) or is_no(turn.intent, turn.text):
        return NONE
    if turn.slot("known_phone") and is_clear_yes(turn.intent, turn.text):
        return REGISTERED
    return None


class CallBack(Topic):
    """Asks the desk to call back, where the customer said."""

    def name(self) -> str:
        return "action_call_back"

    async def act(self, turn: Turn) -> list[EventType]:
        phone = turn.slot("callback_phone")
        if phone == NONE:
            turn.say("utter_callback_none")
        else:
            await _ask_for_person(turn, None if phone == REGISTERED else phone)
        return [SlotSet(name, None) for name in ("call_back", "callback_phone", "known_phone")]


class ElderMode(Topic):
    """Large print and plain pages, on or off."""

    def name(self) -> str:
        return "action_elder_mode"

    async def act(self, turn: Turn) -> list[EventType]:
        off = _OFF.search(turn.text) or (turn.slot("elder") and _OFF_WHERE_ON.search(turn.text))
        found = await turn.post("elder", {"on": not off})
        turn.sentence(found["sentence"])
        turn.card("link", to="elder")
        return []
