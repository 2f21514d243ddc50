"""Bills, why they changed, what is owed, and where a payment is."""

import re
from typing import Any

from rasa_sdk.events import EventType

from actions.answering import is_general, say_from_faq
from actions.asked import Asked, Question, account_button
from actions.say import Turn
from actions.tariffs import asks_tier, say_tier
from actions.topic import Topic

SHOWN = 3
"""Cards in one answer."""

_BILL = re.compile(
    r"电费|费|账|帐|钱|贵|高|多|涨|少|bill|charge|cost|much|high|more|expensive", re.I
)


class QueryBill(Question):
    """The bills of a time, or the newest of each account."""

    def name(self) -> str:
        return "action_query_bill"

    async def answer(self, turn: Turn, asked: Asked) -> list[EventType]:
        found = await turn.get("bills", account_no=asked.account_no, **asked.days)
        _say_bills(turn, found)
        if _comes_later(found) and asked.span:
            newest = await turn.get("bills", account_no=asked.account_no)
            if newest["bills"]:
                _say_bills(turn, newest)
        return []


def _say_bills(turn: Turn, found: dict[str, Any]) -> None:
    turn.sentence(found["sentence"])
    for bill in found["bills"][:SHOWN]:
        turn.card("bill", bill_no=bill["bill_no"])
    _ways_on(turn, found)


def _comes_later(found: dict[str, Any]) -> bool:
    """Whether what was asked for is not out yet: then the newest there is helps at once."""
    return not found["bills"] and any(each["why"] == "not_issued" for each in found["missing"])


def _ways_on(turn: Turn, found: dict[str, Any]) -> None:
    """Why, when there is one bill; pay, when something is open; use so far, when none is out."""
    bills = found["bills"]
    if _comes_later(found):
        turn.say("utter_bills_so_far")
    if len(bills) == 1:
        payload = account_button(bills[0], "explain_bill")["payload"]
        turn.say("utter_bills_why", payload=payload)
    if any(bill["state"] in ("open", "overdue") for bill in bills):
        turn.say("utter_bills_pay_now")


class ExplainBill(Question):
    """Why a bill is as it is: the explanation that its page gives."""

    def name(self) -> str:
        return "action_explain_bill"

    async def answer(self, turn: Turn, asked: Asked) -> list[EventType]:
        if not asked.chosen and await _is_of_no_bill(turn):
            return []
        if asked.span is None or _is_only_compared(asked.period, turn.text):
            _say_explanation(turn, await _explanation(turn, "latest", asked.account_no))
            return []
        found = await turn.get("bills", account_no=asked.account_no, **asked.days)
        if len(found["bills"]) == 1:
            _say_explanation(turn, await _explanation(turn, found["bills"][0]["bill_no"]))
        elif found["bills"]:
            buttons = [account_button(bill, turn.intent) for bill in found["bills"]]
            turn.say("utter_bills_which", buttons)
        else:
            turn.sentence(found["sentence"])
        return []


def _is_only_compared(period: str | None, text: str) -> bool:
    """Whether the time is only compared with: 比前一个月多这么多 asks about the newest bill."""
    return bool(period and re.search(rf"(?:比|than (?:in )?){re.escape(period)}", text, re.I))


async def _is_of_no_bill(turn: Turn) -> bool:
    """为什么跳闸 asks why, but of no bill: answered from the FAQ where it knows."""
    about_bills = turn.text.startswith("/") or _BILL.search(turn.text)
    return not about_bills and await say_from_faq(turn)


async def _explanation(turn: Turn, bill_no: str, account_no: str | None = None) -> dict[str, Any]:
    return await turn.get(f"bills/{bill_no}/explanation", account_no=account_no)


def _say_explanation(turn: Turn, why: dict[str, Any]) -> None:
    bill = why["bill"]
    named = {name: bill[name] for name in ("label", "month_words", "amount")}
    turn.say("utter_bills_explained", headline=why["headline"], **named)
    if turn.slot("channel_name") == "wechat":  # where the card is a link
        turn.sentence("\n".join(why["sentences"]))
    turn.card("change", bill_no=bill["bill_no"])
    turn.say("utter_bills_wrong", payload=account_button(bill, "dispute_bill")["payload"])


class QueryBalance(Question):
    """What is owed or left on each account; all of them unless one is said."""

    def name(self) -> str:
        return "action_query_balance"

    async def answer(self, turn: Turn, asked: Asked) -> list[EventType]:
        if asks_tier(turn):
            return await say_tier(turn, asked)
        found = await turn.get("balance", account_no=asked.account_no if asked.chosen else None)
        turn.sentence(found["sentence"])
        turn.card("balance")
        if found["owed_fen"]:
            turn.say("utter_bills_pay_now")
        return []


class PaymentStatus(Topic):
    """Where the money of the last payments is."""

    def name(self) -> str:
        return "action_payment_status"

    async def act(self, turn: Turn) -> list[EventType]:
        if is_general(turn) and await say_from_faq(turn):
            return []
        found = await turn.get("payments")
        turn.sentence(found["sentence"])
        if found["payments"]:
            turn.card("paid", order_no=found["payments"][0]["order_no"])
        turn.say("utter_payments_missing")
        turn.card("link", to="payments")
        return []
