"""Taking a request back: which one, a yes, and what has become of it."""

import secrets
from typing import Any

from rasa_sdk.events import EventType

from actions.forms import Ask, Check, Draft, Errand, Open, Submit, Taken, Unusable
from actions.kinds import KINDS
from actions.messages import Said, choice
from actions.say import Turn

Request = dict[str, Any]

WORDS = {
    "outage_repair": ("报修", "停电", "抢修", "repair", "outage"),
    "new_connection": ("新装", "报装", "装表", "开户", "装电表", "connection"),
    "increase_capacity": ("增容", "容量", "三相", "capacity"),
    "transfer": ("过户", "改名", "更名", "transfer", "ownership"),
    "meter_check": ("校表", "验表", "校验", "电表", "meter"),
    "pv_connection": ("光伏", "太阳能", "并网", "solar", "pv"),
    "ev_charger": ("充电桩", "桩", "charger"),
    "dispute": ("异议", "账单", "疑问", "dispute"),
    "complaint": ("投诉", "complaint"),
    "call_back": ("回电", "call"),
    "business_connection": ("新装", "报装", "装表", "开店", "connection"),
    "high_voltage_connection": ("新装", "报装", "高压", "connection"),
    "temporary_supply": ("临时用电", "临时电", "临电", "temporary"),
    "decrease_capacity": ("减容", "容量", "capacity"),
    "suspension": ("报停", "暂停", "suspen"),
    "resumption": ("复电", "恢复用电", "resum"),
    "reading": ("读数", "表数", "reading"),
    "suggestion": ("建议", "suggestion"),
}
"""Words by which people name a request they made."""


class Withdrawing(Errand):
    """`requests` are those that may be taken back; `request_no` the one that is meant."""

    form = "cancel_form"
    optional = frozenset({"confirm"})

    def wishes(self, draft: Draft) -> frozenset[str]:
        return frozenset({"cancel_request"})

    async def begin(self, turn: Turn, said: Said) -> Draft | None:
        found = await turn.get("requests")
        open_ones = [_short(each) for each in found["requests"] if each["can_cancel"]]
        meant = _meant(said, open_ones)
        if said.value("request_no") and not meant:
            return await _one(turn, str(said.value("request_no")))
        if not open_ones:
            turn.say("utter_cancel_none")
            return None
        only = (meant or open_ones)[0]["request_no"] if len(meant or open_ones) == 1 else None
        return {"requests": meant or open_ones, "request_no": only, "key": secrets.token_hex(12)}

    async def ask(self, turn: Turn, draft: Draft) -> Draft | None:
        if not draft["request_no"]:
            turn.say(
                "utter_cancel_which",
                [choice(_title(each), each["request_no"]) for each in draft["requests"]],
            )
            return draft | {"step": "which"}
        meant = next(
            each for each in draft["requests"] if each["request_no"] == draft["request_no"]
        )
        turn.say(
            "utter_cancel_confirm",
            name=meant["name"],
            number=meant["request_no"],
            at=meant["at_words"],
        )
        return draft | {"step": "confirm"}

    async def take(self, turn: Turn, said: Said, draft: Draft) -> Taken | None:
        meant = [each for each in draft["requests"] if each["request_no"] == said.chosen] or _meant(
            said, draft["requests"]
        )
        if len(meant) == 1 and meant[0]["request_no"] != draft["request_no"]:
            return Taken(draft | {"request_no": meant[0]["request_no"]})
        if draft["step"] == "confirm" and (said.is_yes or said.intent == "cancel_request"):
            return Taken(draft, agreed=True)
        if said.is_other({"cancel_request"}):
            return None
        raise Unusable(
            "utter_form_yes_or_no" if draft["step"] == "confirm" else "utter_cancel_bad_which"
        )

    async def submit(self, turn: Turn, draft: Draft) -> list[EventType]:
        request = await turn.post(f"requests/{draft['request_no']}/cancel", {"key": draft["key"]})
        turn.sentence(request["sentence"])
        turn.card("request", request_no=request["request_no"])
        return []


async def _one(turn: Turn, number: str) -> Draft | None:
    """A request that is not among the newest, asked for by its number. Raises `Refused`."""
    plain = "".join(
        letter
        for letter in number.upper()
        if (letter.isalnum() and letter.isascii()) or letter == "-"
    )
    request = await turn.get(f"requests/{plain or '-'}")
    if not request["can_cancel"]:
        turn.sentence(request["sentence"])
        turn.say("utter_cancel_too_late")
        return None
    return {
        "requests": [_short(request)],
        "request_no": request["request_no"],
        "key": secrets.token_hex(12),
    }


def _short(request: Request) -> Request:
    return {name: request[name] for name in ("request_no", "kind", "name", "at_words")}


def _title(request: Request) -> str:
    return f"{request['name']} …{request['request_no'][-4:]}"


def _meant(said: Said, requests: list[Request]) -> list[Request]:
    """Requests whose number, name or matter was said."""
    number = (said.value("request_no") or "").upper().replace(" ", "")
    if number:
        return [each for each in requests if each["request_no"].endswith(number)]
    text = said.typed.lower()
    return [
        each
        for each in requests
        if each["name"].lower() in text
        or each["request_no"][-4:] in text
        or each["kind"] == KINDS.get(said.intent)
        or any(word in text for word in WORDS.get(each["kind"], ()))
    ]


WITHDRAWING = Withdrawing()


class OpenCancel(Open):
    errand = WITHDRAWING


class CheckCancel(Check):
    errand = WITHDRAWING


class AskCancel(Ask):
    errand = WITHDRAWING


class SubmitCancel(Submit):
    errand = WITHDRAWING
