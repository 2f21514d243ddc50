"""A message as a form reads it: its words, what was marked in them, and which button it was."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from actions.answers import is_clear_yes, is_question
from actions.say import Turn, button

SURE = 0.6
"""Confidence from which an intent alone may mean a yes, or a wish of its own inside a form."""

QUESTIONS = frozenset(
    [
        "bot_challenge",
        "help",
        "query_bill",
        "explain_bill",
        "query_balance",
        "query_usage",
        "payment_status",
        "query_tariff",
        "recommend_tariff",
        "saving_tips",
        "outage_info",
        "request_status",
        "usage_report",
        "hall_info",
        "bind_account",
        "unbind_account",
        "elder_mode",
    ]
)
"""Intents that only ask; a form answers them and comes back."""

WISHES = frozenset(
    [
        "pay_bill",
        "request_invoice",
        "manage_reminders",
        "report_outage",
        "new_connection",
        "increase_capacity",
        "transfer_account",
        "meter_check",
        "pv_connection",
        "ev_charger",
        "cancel_request",
        "dispute_bill",
        "complaint",
    ]
)
"""Intents that want something done; inside a form they are kept for afterwards."""

TAPPED = ("/affirm", "/deny", "/complaint")
"""How payloads begin that answer a form."""


@dataclass(frozen=True)
class Said:
    """A message, kept as long as its wish is open."""

    text: str
    intent: str = ""
    entities: list[dict[str, Any]] = field(default_factory=list)
    confidence: float = 1.0

    @classmethod
    def now(cls, turn: Turn) -> "Said":
        message = turn.tracker.latest_message
        found = message.get("entities") or []
        confidence = (message.get("intent") or {}).get("confidence") or 0.0
        marked = [{name: each.get(name) for name in ("entity", "value")} for each in found]
        return cls(turn.text, turn.intent, marked, confidence)

    def values(self, entity: str) -> list[str]:
        """All that was said of one kind, in order."""
        return [str(each["value"]) for each in self.entities if each["entity"] == entity]

    def value(self, entity: str) -> str | None:
        return next(iter(self.values(entity)), None)

    @property
    def is_yes(self) -> bool:
        """A clear yes: by its words, or where there is hardly a doubt of what was meant."""
        sure = self.confidence >= SURE
        return is_clear_yes(self.intent if sure else "", self.text)

    @property
    def typed(self) -> str:
        """The words as typed; nothing when a button was tapped."""
        return "" if self.text.startswith("/") else self.text.strip()

    @property
    def chosen(self) -> str | None:
        """What the tapped button of a form stands for, see `choice`."""
        return _payload(self.text).get("choice") if self.text.startswith(TAPPED) else None

    @property
    def is_foreign_button(self) -> bool:
        """Whether a button was tapped that no form has offered."""
        return self.text.startswith("/") and not self.text.startswith(TAPPED)

    def is_other(self, own: Iterable[str]) -> bool:
        """Whether this is about another topic than a form's own, or asks what nobody expects."""
        if self.intent in ("nlu_fallback", "out_of_scope"):
            return is_question(self.typed)
        return self.intent in (QUESTIONS | WISHES) - set(own)

    def may_answer(self, own: Iterable[str]) -> bool:
        """Whether a value in it may be an answer: it is short, or not about another topic."""
        if is_question(self.typed) and self.intent in QUESTIONS:
            return False
        return len(self.typed) <= 10 or not self.is_other(own)


def _payload(text: str) -> dict[str, Any]:
    found = text.partition("{")[2]
    try:
        given = json.loads("{" + found) if text.startswith("/") and found else {}
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def choice(title: str, value: str) -> dict[str, str]:
    """A button that answers a form's question with one of its values."""
    return button(title, "affirm", choice=value)
