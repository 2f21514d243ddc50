"""In which language a message is answered: the one it is written in."""

import re

CHINESE = re.compile(r"[\u3400-\u9fff]")
WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)?")
ALONE = frozenset(
    {"hi", "hello", "hey", "thanks", "thank", "thx", "please", "yes", "yeah", "yep", "no", "nope"}
    | {"bye", "goodbye", "help", "menu", "bill", "bills", "balance", "usage", "outage", "pay"}
    | {"agent", "human", "person", "operator", "stop", "cancel", "sure", "nothing", "meter"}
    | {"why", "how", "what", "when", "where", "who", "tariff", "invoice", "refund"}
)
"""English words that tell the language by themselves; other words need company."""


def spoken(text: str, otherwise: str) -> str:
    """zh with a Chinese character, en with real English words, else what it was before."""
    if CHINESE.search(text):
        return "zh"
    words = [word.lower() for word in WORD.findall(text) if len(word) > 1]
    company = sum(len(word) > 2 for word in words) >= 1 and len(words) >= 2
    return "en" if company or ALONE.intersection(words) else otherwise
