"""What electricity costs, how far the tier is, and which tariff suits."""

import re

from rasa_sdk.events import EventType

from actions.answering import say_from_faq
from actions.asked import Asked, Question
from actions.say import Turn

_TIER = re.compile(r"(第?[一二三123]|几|哪一?|阶梯|下一?|这一?)\s*档|还剩.{0,4}度|\btiers?\b", re.I)
_LEFT = re.compile(
    r"还剩|还有多少|还差|离|剩下|剩多少|到.{0,2}档|用到|第几档|哪一?档|"
    r"left|until|reach|which tier|what tier",
    re.I,
)
_PEAK = re.compile(r"峰|谷|尖|分时|\bpeak|\bvalley|time.of.use", re.I)
"""Prices by the hour, which the general tariff of homes does not have."""


def asks_tier(turn: Turn) -> bool:
    """Whether the own tier is asked for: what is left of it, or which one it is."""
    return turn.signed_in and bool(_TIER.search(turn.text) and _LEFT.search(turn.text))


class QueryTariff(Question):
    """The prices of one's own tariff; those of homes for who is not signed in."""

    def name(self) -> str:
        return "action_query_tariff"

    async def answer(self, turn: Turn, asked: Asked) -> list[EventType]:
        if asks_tier(turn):
            return await say_tier(turn, asked)
        if not turn.signed_in and _PEAK.search(turn.text) and await say_from_faq(turn):
            return []
        found = await turn.get("tariff", account_no=asked.account_no)
        lines = [f"{each['name']}：{each['price']}，{each['when']}" for each in found["lines"]]
        turn.sentence("\n".join([found["sentence"], *lines]))
        if turn.signed_in:
            turn.say("utter_tariff_more")
        return []


async def say_tier(turn: Turn, asked: Asked) -> list[EventType]:
    """Which tier the year has reached and how far the next one is."""
    found = await turn.get("tier", account_no=asked.account_no)
    turn.sentence(found["sentence"])
    if found["tier"] is not None:
        turn.card("tier", account_no=found["account_no"])
    return []


class RecommendTariff(Question):
    """Which tariff would have cost least for what was really used."""

    def name(self) -> str:
        return "action_recommend_tariff"

    async def answer(self, turn: Turn, asked: Asked) -> list[EventType]:
        found = await turn.get("advice/tariff", account_no=asked.account_no)
        turn.sentence(found["sentence"])
        if found["enough_data"] and len(found["options"]) > 1:
            turn.sentence(found["basis_words"])
            turn.card("advice", account_no=found["account_no"])
        return []
