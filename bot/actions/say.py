"""How an action speaks: in responses of the domain, in cards, in buttons, in the portal's words."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import api

CARDS = {
    "bill": {"bill_no"},
    "change": {"bill_no"},
    "balance": set(),
    "usage": {"account_no", "from", "to"},
    "tier": {"account_no"},
    "advice": {"account_no"},
    "payment": {"account_nos", "amount_fen", "bill_no", "channel"},
    "paid": {"order_no"},
    "invoice": {"request_no"},
    "request": {"request_no"},
    "outages": {"account_no"},
    "halls": set(),
    "menu": set(),
    "notices": set(),
    "link": {"to"},
    "photo": {"draft", "required"},
}
"""Kinds of cards the portal draws, and the references each needs (null where there is none)."""


class Turn:
    """A turn of a conversation as an action sees it: what was said, what is known, what to say."""

    def __init__(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        self.dispatcher = dispatcher
        self.tracker = tracker

    # what was said

    @property
    def text(self) -> str:
        """The message as it was typed; for a button its payload."""
        return self.tracker.latest_message.get("text") or ""

    @property
    def intent(self) -> str:
        return (self.tracker.latest_message.get("intent") or {}).get("name") or ""

    @property
    def heard(self) -> list[dict[str, Any]]:
        """The events of all that the customer said, this message last."""
        return [event for event in self.tracker.events if event["event"] == "user"]

    @property
    def intents(self) -> list[str]:
        """What each of these was understood as."""
        return [event["parse_data"]["intent"]["name"] for event in self.heard]

    def entity(self, name: str) -> Any:
        """The first entity of that name in this message, or None."""
        return next(self.tracker.get_latest_entity_values(name), None)

    def slot(self, name: str) -> Any:
        return self.tracker.slots.get(name)

    @property
    def language(self) -> str:
        """zh or en."""
        return self.slot("language") or "zh"

    def named(self, name: str, words: str) -> str:
        """Words under a name, with the colon of the language."""
        return f"{name}: {words}" if self.language == "en" else f"{name}：{words}"

    def listed(self, words: Iterable[str]) -> str:
        """Words in a row, those that are none left out."""
        return (", " if self.language == "en" else "，").join(each for each in words if each)

    @property
    def signed_in(self) -> bool:
        return bool(self.slot("signed_in"))

    @property
    def today(self) -> date:
        """The civil day in Beijing, as the portal told it."""
        return date.fromisoformat(self.slot("today"))

    # what is known

    async def get(self, path: str, **params: Any) -> dict[str, Any]:
        """Ask the portal about this conversation's customer (see `api.Portal.get`)."""
        return await api.portal().get(
            self.tracker.sender_id, path, language=self.language, **params
        )

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Have the portal do something for this conversation's customer."""
        return await api.portal().post(self.tracker.sender_id, path, body, language=self.language)

    # what to say

    def say(self, response: str, buttons: Iterable[dict[str, str]] = (), **words: Any) -> None:
        """A response of the domain in the customer's language; buttons come after its own."""
        self.dispatcher.utter_message(response=response, buttons=list(buttons), **words)

    def sentence(self, text: str) -> None:
        """A sentence of the portal, said as it is; an empty one is not said."""
        if text:
            self.dispatcher.utter_message(text=text)

    def card(self, kind: str, **refs: Any) -> None:
        """A card under what was said last; the portal draws it from its own data."""
        missing = CARDS[kind] ^ refs.keys()
        if missing:
            raise ValueError(f"a card of kind {kind} and {sorted(missing)}")
        self.dispatcher.utter_message(json_message={"card": {"kind": kind, **refs}})


def button(title: str, intent: str, **entities: Any) -> dict[str, str]:
    """A button that says an intent; entities that are None are left out."""
    given = {name: value for name, value in entities.items() if value is not None}
    payload = f"/{intent}{json.dumps(given, ensure_ascii=False)}" if given else f"/{intent}"
    return {"title": title, "payload": payload}
