"""Where power is off, how far one's requests are, and where the halls are."""

import re
from typing import Any

from rasa_sdk.events import EventType

from actions.asked import Asked, Question
from actions.say import Turn
from actions.topic import Topic
from actions.when import Span, ahead

SHOWN = 3
NUMBER = re.compile(r"[A-Za-z0-9-]{4,40}")


_HAN = r"[\u4e00-\u9fff]"
_COUNT = r"[\d一二三四五六七八九十]+\s*"
PLACE = re.compile(
    rf"(?:请问|我们?家?|住在?|在|[今明后]天|现在|下周)*"
    rf"({_HAN}{{2,8}}?\s*{_COUNT}(?:栋|幢|座|号楼)|{_HAN}{{1,7}}?[路街巷道弄湾里]\s*{_COUNT}号)"
)
"""An estate or street with its number, where no place was marked in the message."""
NAMELESS = re.compile(r"小区|我|是不是|[这那]|隔壁|旁边|对面|楼下")


class OutageInfo(Question):
    """Outages at a place that was named, else at one's own accounts, else all; or those of days
    ahead."""

    def name(self) -> str:
        return "action_outage_info"

    async def days(self, turn: Turn, period: str, account_no: str | None) -> Span | None:
        """Days ahead; any other time is now, as outages are told that are on or announced."""
        return ahead(period, turn.today)

    async def answer(self, turn: Turn, asked: Asked) -> list[EventType]:
        account_no = asked.account_no if asked.chosen else None
        place = None if account_no else _place(turn)
        found = await turn.get("outages", account_no=account_no, address=place, **asked.days)
        turn.sentence(found["sentence"])
        if asked.days:
            return []
        if found["outages"] and not place:
            turn.card("outages", account_no=account_no)
        turn.say("utter_places_report")
        return []


def _place(turn: Turn) -> str | None:
    """The place as it was marked, else one with a name and a number: our 3 栋 may be anywhere."""
    if marked := turn.entity("address"):
        return marked
    found = PLACE.search(turn.text)
    return found[1] if found and not NAMELESS.search(found[1]) else None


class RequestStatus(Topic):
    """How far a request is: the one whose number was said, else the newest."""

    def name(self) -> str:
        return "action_request_status"

    async def act(self, turn: Turn) -> list[EventType]:
        number = turn.entity("request_no")
        if number and NUMBER.fullmatch(str(number).strip()):
            requests = [await turn.get(f"requests/{str(number).strip().upper()}")]
            turn.sentence(requests[0]["sentence"])
        else:
            found = await turn.get("requests")
            requests = found["requests"]
            turn.sentence(found["sentence"])
            if not requests and not turn.signed_in:
                turn.card("link", to="follow")
        _show(turn, requests)
        return []


def _show(turn: Turn, requests: list[dict[str, Any]]) -> None:
    for each in requests[:SHOWN]:
        turn.card("request", request_no=each["request_no"])


class HallInfo(Topic):
    """The halls, nearest first when a place was named."""

    def name(self) -> str:
        return "action_hall_info"

    async def act(self, turn: Turn) -> list[EventType]:
        found = await turn.get("halls", near=turn.entity("address"))
        turn.sentence(found["sentence"])
        turn.card("halls")
        return []
