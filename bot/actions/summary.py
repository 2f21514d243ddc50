"""What a colleague reads first when they take a conversation over. Chinese, for the desk."""

import re

from actions.say import Turn

LONGEST = 600
"""Characters of a summary."""

_LONG_NUMBER = re.compile(r"\d[\d\s-]{4,}\d")
_OFFERS = ("human_handoff", "affirm", "deny", "greet", "thanks", "goodbye")


def summary(turn: Turn) -> str:
    """What was asked, about which accounts, and how far it came; long numbers by their end only."""
    parts = [_asked(turn), _accounts(turn), _left_open(turn), _not_understood(turn)]
    return "。".join(part for part in parts if part)[:LONGEST] or "客户要找人工"


def _asked(turn: Turn) -> str:
    said = [_without_numbers(text)[:60] for text in _wishes(turn)][-5:]
    return "客户说：" + "；".join(f"“{text}”" for text in said) if said else ""


def _wishes(turn: Turn) -> list[str]:
    """What the customer typed, without taps, greetings and the asking for a person itself."""
    texts = (event.get("text") or "" for event in turn.heard)
    return [
        text
        for text, intent in zip(texts, turn.intents, strict=True)
        if text and not text.startswith("/") and intent not in _OFFERS
    ]


def _accounts(turn: Turn) -> str:
    chosen = turn.slot("account_no") or (turn.slot("last_question") or {}).get("account_no")
    named = [each for each in turn.slot("accounts") or [] if each["account_no"] == chosen]
    return "".join(f"户号：{each['label']}（尾号 {each['tail']}）" for each in named)


def _left_open(turn: Turn) -> str:
    return "有一件事正办到一半" if turn.tracker.active_loop.get("name") else ""


def _not_understood(turn: Turn) -> str:
    failed = turn.intents.count("nlu_fallback")
    return f"助手有 {failed} 句没听懂" if failed else ""


def _without_numbers(text: str) -> str:
    """Phones and account numbers end in a conversation's own text, not in its summary."""
    return _LONG_NUMBER.sub(lambda found: f"…{re.sub(r'[^0-9]', '', found[0])[-4:]}", text)
