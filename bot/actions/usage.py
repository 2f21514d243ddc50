"""How much was used, and how to use less."""

from typing import Any

from rasa_sdk.events import EventType

from actions.asked import Asked, Question
from actions.say import Turn
from actions.tariffs import asks_tier, say_tier
from actions.when import Span


class QueryUsage(Question):
    """The kWh of a time, or of the month so far; asked for the tier, what is left of it."""

    def name(self) -> str:
        return "action_query_usage"

    async def answer(self, turn: Turn, asked: Asked) -> list[EventType]:
        if asks_tier(turn):
            return await say_tier(turn, asked)
        today = turn.today
        span = asked.span or Span(today.replace(day=1), today)
        days = {"from": span.first, "to": min(span.last, today)}
        found = await turn.get("usage", account_no=asked.account_no, **days)
        turn.sentence("\n".join(_lines(turn, found)))
        turn.card("usage", **{name: found[name] for name in ("account_no", "from", "to")})
        turn.say("utter_usage_more")
        return []


def _lines(turn: Turn, found: dict[str, Any]) -> list[str]:
    """What was used, at which hours, and beside the year before; only what the portal tells."""
    parts = turn.listed(f"{each['name']} {each['kwh']}" for each in found["by_period"])
    compared = found["compared"]["sentence"] if found["compared"] else ""
    return [line for line in (found["sentence"], parts, compared) if line]


class SavingTips(Question):
    """Advice from one's own usage; general advice for who is not signed in."""

    def name(self) -> str:
        return "action_saving_tips"

    async def answer(self, turn: Turn, asked: Asked) -> list[EventType]:
        found = await turn.get("advice/saving", account_no=asked.account_no)
        turn.sentence(found["sentence"])
        turn.sentence("\n".join(_tip(each) for each in found["tips"]))
        return []


def _tip(tip: dict[str, Any]) -> str:
    return f"· {tip['sentence']}{tip['why'] or ''}"
