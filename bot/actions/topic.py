"""The manner of all actions: whatever goes wrong ends in one kind sentence and a way on."""

import asyncio
import logging
from abc import ABC, abstractmethod
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.api import Refused, SignInNeeded, Unavailable, WhichAccount
from actions.say import Turn, button

logger = logging.getLogger(__name__)

LIMIT = 1.8
"""Seconds an action may take in all; the chat page waits 2.5 for the whole turn."""


class Topic(Action, ABC):
    """An action that asks the portal. Subclasses have a name and `act`."""

    @abstractmethod
    def name(self) -> str: ...

    @abstractmethod
    async def act(self, turn: Turn) -> list[EventType]:
        """Answer, and return what the conversation keeps. May raise `Refused` and `Unavailable`."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        turn = Turn(dispatcher, tracker)
        try:
            return await asyncio.wait_for(self.act(turn), LIMIT)
        except Refused as refusal:
            return say_refusal(turn, refusal)
        except (Unavailable, asyncio.TimeoutError) as problem:
            logger.warning("%s: the portal is silent (%s)", self.name(), problem)
        except Exception:
            logger.exception("%s failed", self.name())
        turn.say("utter_trouble")
        return []


def say_refusal(turn: Turn, refusal: Refused) -> list[EventType]:
    """Say the portal's no, with the way on that belongs to it."""
    if isinstance(refusal, SignInNeeded):
        return ask_to_sign_in(turn)
    if isinstance(refusal, WhichAccount):
        return ask_which_account(turn, refusal.accounts)
    if refusal.code == "account.not_yours":
        turn.sentence(refusal.sentence)
        turn.card("link", to="bind")
        return [SlotSet("account_no", None)]
    turn.say(
        "utter_closed" if refusal.status == 503 else "utter_refused", sentence=refusal.sentence
    )
    return []


def ask_to_sign_in(turn: Turn) -> list[EventType]:
    """Nothing personal is said to a stranger; what can be asked without signing in is named."""
    turn.say("utter_sign_in")
    turn.card("link", to="sign_in")
    return []


def ask_which_account(turn: Turn, accounts: list[dict[str, Any]]) -> list[EventType]:
    """Offer the accounts; a tap asks the same question again with the one that was chosen."""
    period = turn.entity("period")
    buttons = [
        button(
            f"{each['label']} …{each['tail']}",
            turn.intent,
            account_no=each["account_no"],
            period=period,
        )
        for each in accounts
    ]
    turn.say("utter_which_account", buttons)
    return [known_accounts(accounts)]


def known_accounts(accounts: list[dict[str, Any]]) -> EventType:
    """Remember how the customer's accounts are called: a label in a message is understood."""
    return SlotSet("accounts", accounts)
