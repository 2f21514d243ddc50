"""Paying: account, sum and way of paying, shown together and agreed to; then a payment card.

Money moves from the card alone, at the gateway. What was agreed to is quoted once more before the
card is shown, so that a yes never stands for another sum.
"""

import re
from typing import Any

from rasa_sdk.events import EventType

from actions.accounts import accounts_of, buttons, named, picked
from actions.amounts import meant_fen_of, paid_fen_of
from actions.answers import is_no, is_question
from actions.api import Refused, Unavailable, WhichAccount
from actions.forms import Ask, Check, Draft, Errand, Open, Submit, Taken, Unusable, reopen
from actions.messages import QUESTIONS, Said
from actions.say import Turn
from actions.when import days_of

CHANNELS = {
    "wechat": re.compile(r"微信|威信|we ?chat|weixin|零钱", re.IGNORECASE),
    "alipay": re.compile(r"支付宝|支付保|花呗|ali ?pay|zhifubao|zfb", re.IGNORECASE),
    "unionpay": re.compile(
        r"银联|云闪付|银行卡|储蓄卡|信用卡|借记卡|"
        r"union ?pay|quick ?pass|bank ?card|(?:debit|credit) card",
        re.I,
    ),
}
CANONICAL = {"wechat": "wechat", "alipay": "alipay", "unionpay": "unionpay", "card": "unionpay"}
DENIED = re.compile(
    r"(?:不是|不用|不要|别用|不想用|没法用|\bnot\b|instead of)"
    r"[^，,。；;]*?(?=[，,。；;]|换|改|用|$)",
    re.IGNORECASE,
)
CORRECTS = re.compile(r"不是|改成|改为|改到|应该是|要的是|\bnot\b|instead|make it", re.IGNORECASE)
PARTS = {
    "amount": re.compile(r"金额|多少钱|数目|钱数|sum|amount|how much", re.IGNORECASE),
    "account": re.compile(r"户号|户头|账户|帐户|哪家|哪户|account", re.IGNORECASE),
    "channel": re.compile(r"方式|渠道|怎么付|channel|method", re.IGNORECASE),
}


class Paying(Errand):
    """`account_nos` and `amount_fen` are None for all that is owed; `agreed` is what was shown.

    When the portal falls silent after that, `shown` is shown again; the card needs a new quote.
    """

    form = "payment_form"
    optional = frozenset({"topup"})

    def wishes(self, draft: Draft) -> frozenset[str]:
        return frozenset({"pay_bill"})

    async def begin(self, turn: Turn, said: Said) -> Draft:
        accounts = await accounts_of(turn)
        draft = {
            "accounts": accounts,
            "account_nos": None,
            "amount_fen": None,
            "channel": None,
            "bill_no": None,
        }
        draft |= self._said(said, draft)
        period = said.value("period")
        return draft | (
            await _bill_of(turn, draft, period) if period and draft["amount_fen"] is None else {}
        )

    def _said(self, said: Said, draft: Draft) -> Draft:
        """Account, sum and channel as far as they are said."""
        found = {
            "account_nos": named(said, draft["accounts"]) or None,
            "amount_fen": _sum_of(said),
            "channel": channel_of(said),
        }
        return {name: value for name, value in found.items() if value is not None}

    def changes(self, said: Said, draft: Draft) -> Draft:
        if "accounts" not in draft or said.chosen:
            return {}
        if not said.may_answer({"pay_bill"}):
            return {}
        found = self._said(said, draft)
        changed = {name: value for name, value in found.items() if value != draft[name]}
        return changed | (
            {"bill_no": None} if changed.keys() & {"account_nos", "amount_fen"} else {}
        )

    async def ask(self, turn: Turn, draft: Draft) -> Draft | None:
        """The next thing that is missing, or all of it for a yes."""
        if draft["step"] in ("amount", "account", "change"):
            return self._ask_part(turn, draft)
        try:
            quote = await turn.post("payments/quote", _wanted(draft))
        except WhichAccount as which:
            return self._ask_account(turn, draft | {"accounts": which.accounts})
        except Refused as refusal:
            return self._refused(turn, draft, refusal)
        except Unavailable:
            if draft.get("shown", {}).get("wanted") != _wanted(draft):
                raise
            quote = draft["shown"]["quote"]
        if quote["channel"] is None:
            turn.say("utter_pay_channel", sentence=quote["sentence"])
            return draft | {"step": "channel"}
        turn.say("utter_pay_confirm", sentence=quote["sentence"])
        shown = {"wanted": _wanted(draft), "quote": quote}
        return draft | {"step": "confirm", "agreed": _figures(quote), "shown": shown}

    def _ask_part(self, turn: Turn, draft: Draft) -> Draft:
        if draft["step"] == "account":
            return self._ask_account(turn, draft)
        turn.say("utter_pay_amount" if draft["step"] == "amount" else "utter_pay_change")
        return draft

    def _ask_account(self, turn: Turn, draft: Draft) -> Draft:
        turn.say("utter_pay_account", buttons(draft["accounts"]))
        return draft | {"step": "account", "account_nos": None}

    def _refused(self, turn: Turn, draft: Draft, refusal: Refused) -> Draft | None:
        """What the portal does not take is asked for again; nothing owed: paying in advance."""
        turn.sentence(refusal.sentence)
        if refusal.code == "payment.nothing_owed":
            turn.say("utter_pay_topup")
            return draft | {"step": "topup", "bill_no": None}
        if refusal.code == "account.not_yours":
            return self._ask_account(turn, draft | {"account_nos": None})
        if refusal.code.startswith("payment.amount"):
            turn.say("utter_pay_amount")
            return draft | {"step": "amount", "amount_fen": None, "tries": draft["tries"] + 1}
        return None

    async def take(self, turn: Turn, said: Said, draft: Draft) -> Taken | None:
        step = draft["step"]
        if step == "channel" and (channel := _picked_channel(said)):
            return Taken(draft | {"channel": channel, "step": None})
        if step == "account" and (numbers := picked(said, draft["accounts"])):
            return Taken(draft | {"account_nos": numbers, "step": None})
        if step in ("amount", "topup") and (fen := _typed_sum(said)) is not None:
            return Taken(draft | {"amount_fen": fen, "step": None})
        if changed := self.changes(said, draft):
            return Taken(draft | changed | {"step": None})
        return self._decide(said, draft)

    def _decide(self, said: Said, draft: Draft) -> Taken | None:
        """A yes to what was shown, or what of it is wrong."""
        step = draft["step"]
        if step == "confirm" and said.is_yes:
            return Taken(draft, agreed=True)
        if step in ("confirm", "change") and (part := _part_of(said)):
            return Taken(
                draft | ({"channel": None, "step": None} if part == "channel" else {"step": part})
            )
        if step == "confirm" and is_no(said.intent, said.typed):
            return Taken(draft | {"step": "change"})
        if said.is_other(self.wishes(draft)):
            return None
        if step == "confirm" and said.intent == "pay_bill":
            return Taken(draft)
        raise Unusable("utter_form_which_account" if step == "account" else f"utter_pay_bad_{step}")

    async def submit(self, turn: Turn, draft: Draft) -> list[EventType]:
        """The card for what was agreed to; when that has changed meanwhile, it is shown anew."""
        quote = await turn.post("payments/quote", _wanted(draft))
        if _figures(quote) != draft["agreed"]:
            turn.say("utter_pay_changed")
            return reopen(draft | {"tries": 0})
        turn.say("utter_pay_card", sentence=quote["sentence"])
        numbers = [each["account_no"] for each in quote["accounts"]]
        turn.card(
            "payment",
            account_nos=numbers,
            amount_fen=draft["amount_fen"],
            bill_no=draft["bill_no"],
            channel=quote["channel"],
        )
        return []


def _picked_channel(said: Said) -> str | None:
    return said.chosen if said.chosen in CHANNELS else channel_of(said)


def channel_of(said: Said) -> str | None:
    """The way of paying that is meant: 不用支付宝，用微信 is WeChat."""
    text = DENIED.sub(" ", said.typed)
    found = [name for name, words in CHANNELS.items() if words.search(text)]
    if found:
        return found[-1]
    known = [CANONICAL[value] for value in said.values("pay_channel") if value in CANONICAL]
    return known[0] if known and not DENIED.search(said.typed) else None


def _sum_of(said: Said) -> int | None:
    """A sum that was called one: marked as such, or with its unit."""
    marked = said.values("amount")
    if marked and len(marked) == 1 and not re.search(r"不是|\bnot\b", said.typed):
        return meant_fen_of(marked[0])
    rest = said.typed
    for period in said.values("period"):
        rest = rest.replace(period, " ")
    fen = meant_fen_of(rest, named=not marked and not CORRECTS.search(rest))
    return paid_fen_of(rest) if fen is None else fen


def _typed_sum(said: Said) -> int | None:
    """The answer to how much: any number that stands alone, too."""
    if said.chosen:
        return int(said.chosen) if said.chosen.isdigit() else None
    if said.intent in QUESTIONS and is_question(said.typed):
        return None
    return _sum_of(said) if said.values("amount") else meant_fen_of(said.typed)


def _part_of(said: Said) -> str | None:
    """Which part of a payment is to be changed."""
    if said.chosen in PARTS:
        return said.chosen
    return next(
        (
            part
            for part, words in PARTS.items()
            if words.search(said.typed) and not is_question(said.typed)
        ),
        None,
    )


def _wanted(draft: Draft) -> dict[str, Any]:
    """What the portal is asked to quote."""
    return {name: draft[name] for name in ("account_nos", "amount_fen", "bill_no", "channel")}


def _figures(quote: dict[str, Any]) -> dict[str, Any]:
    """What a yes stands for."""
    parts = [[each["account_no"], each["amount_fen"]] for each in quote["accounts"]]
    return {"parts": parts, "channel": quote["channel"]}


async def _bill_of(turn: Turn, draft: Draft, period: str) -> Draft:
    """The one open bill of the time that was said; without one everything owed is meant."""
    days = days_of(period, turn.today)
    if days is None:
        return {}
    only = (
        draft["account_nos"][0] if draft["account_nos"] and len(draft["account_nos"]) == 1 else None
    )
    found = await turn.get("bills", account_no=only, **days)
    due = [each for each in found["bills"] if each["state"] in ("open", "overdue")]
    return {"bill_no": due[0]["bill_no"]} if len(due) == 1 else {}


PAYING = Paying()


class OpenPayment(Open):
    errand = PAYING


class CheckPayment(Check):
    errand = PAYING


class AskPayment(Ask):
    errand = PAYING


class SubmitPayment(Submit):
    errand = PAYING
