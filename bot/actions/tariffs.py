"""What electricity costs, how far the tier is, and which tariff suits."""

import re
from typing import Any

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

_HOURS = re.compile(r"\d:\d\d")
_PART_OF_DAY = re.compile(r"[尖峰平谷]段|\b(?:peak|shoulder|valley)\b", re.I)
"""What the portal calls the parts of the day (portal/bills/lines.py)."""


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
        turn.sentence(
            "\n".join([found["sentence"], *(_line(turn, each) for each in found["lines"])])
        )
        if any(_HOURS.search(each["when"]) for each in found["lines"]) and any(
            map(_is_out_of_season, found["lines"])
        ):
            turn.say("utter_tariff_not_this_month")
        if turn.signed_in:
            turn.say("utter_tariff_more")
        return []


def _line(turn: Turn, line: dict[str, Any]) -> str:
    """The price of a part, and when it holds or up to where, if that is said."""
    return turn.named(line["name"], turn.listed((line["price"], line["when"])))


def _is_out_of_season(line: dict[str, Any]) -> bool:
    """A part of the day without hours: this month has none."""
    return bool(_PART_OF_DAY.search(line["name"])) and not line["when"]


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
