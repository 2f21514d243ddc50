"""Where power is off, how far one's requests are, and where the halls are."""

import re
from typing import Any

from rasa_sdk.events import EventType

from actions.asked import Asked, Question
from actions.say import Turn
from actions.topic import Topic

SHOWN = 3
NUMBER = re.compile(r"[A-Za-z0-9-]{4,40}")


class OutageInfo(Question):
    """Outages at a place that was named, else at one's own accounts, else all."""

    def name(self) -> str:
        return "action_outage_info"

    async def answer(self, turn: Turn, asked: Asked) -> list[EventType]:
        account_no = asked.account_no if asked.chosen else None
        place = None if account_no else turn.entity("address")
        found = await turn.get("outages", account_no=account_no, address=place)
        turn.sentence(found["sentence"])
        if found["outages"]:
            turn.card("outages", account_no=account_no)
        turn.say("utter_places_report")
        return []


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
