"""Paying: account, sum and way of paying, shown together and agreed to; then a payment card.

Money moves from the card alone, at the gateway. What was agreed to is quoted once more before the
card is shown, so that a yes never stands for another sum.
"""

import re
from dataclasses import replace
from typing import Any

from rasa_sdk.events import EventType

from actions.accounts import Account, accounts_of, buttons
from actions.amounts import alone_fen_of, share_of
from actions.answers import is_no, is_question
from actions.api import Refused, Unavailable, WhichAccount
from actions.automatic import leads_to_automatic
from actions.forms import TRIES, Ask, Check, Draft, Errand, Open, Submit, Taken, Unusable, reopen
from actions.messages import Said
from actions.payment_words import (
    ALL,
    PARTLY,
    WHOLE,
    channel_of,
    is_unchanged,
    part_of,
    picked_channel,
    sum_of,
    typed_sum,
)
from actions.say import Turn
from actions.when import days_of
from actions.which import Which, leaves_out, meant_accounts

WRONG = re.compile(r"[对错]|wrong", re.IGNORECASE)
"""That something is to be different, not that nothing is wanted."""
BARE = 4
"""Characters of a no that says nothing else."""
EVERY = "all"
"""What the button stands for that pays for all accounts."""
AUTOMATIC = ("pay_bill", "nlu_fallback")
"""What asking for automatic paying is understood as within a payment."""
OPEN = ("channel", "confirm", "change")
"""Steps at which a number alone is another sum."""


class Paying(Errand):
    """`account_nos` and `amount_fen` are None for all that is owed; `agreed` is what was shown.

    `share` is the part of what is owed that `amount_fen` is made of: [1, 2] for a half. When the
    portal falls silent after something was shown, `shown` is shown again; the card needs a new
    quote.
    """

    form = "payment_form"
    optional = frozenset({"topup"})

    def wishes(self, draft: Draft) -> frozenset[str]:
        return frozenset({"pay_bill"})

    async def begin(self, turn: Turn, said: Said) -> Draft | None:
        if leads_to_automatic(turn, said):
            return None
        accounts = await accounts_of(turn)
        if not accounts:
            return _unbound(turn)
        draft = {
            "accounts": accounts,
            "account_nos": None,
            "amount_fen": None,
            "share": None,
            "channel": None,
            "bill_no": None,
            "unsure": False,
        }
        draft |= self._said(said, draft)
        period = said.value("period")
        return draft | (
            await _bill_of(turn, draft, period) if period and draft["amount_fen"] is None else {}
        )

    def _said(self, said: Said, draft: Draft) -> Draft:
        """Accounts, sum and channel as far as they are said."""
        found = _sum_in(said, draft)
        spoken = replace(said, text=WHOLE.sub(" ", said.typed))
        which = meant_accounts(spoken, draft["accounts"], draft["account_nos"])
        if which.unsure:
            found["unsure"] = True
        elif which.numbers:
            found["account_nos"] = _numbers(which, draft | found)
        channel = channel_of(said)
        return found | ({"channel": channel} if channel else {})

    def changes(self, said: Said, draft: Draft) -> Draft:
        if "accounts" not in draft or said.chosen:
            return {}
        if not said.may_answer({"pay_bill"}) and not leaves_out(said):
            return {}
        found = self._said(said, draft)
        changed = {name: value for name, value in found.items() if value != draft.get(name)}
        if "account_nos" in changed and draft.get("share") and "share" not in changed:
            changed["amount_fen"] = None
        return changed | (
            {"bill_no": None} if changed.keys() & {"account_nos", "amount_fen", "share"} else {}
        )

    async def ask(self, turn: Turn, draft: Draft) -> Draft | None:
        """The next thing that is missing, or all of it for a yes; a person where one is offered."""
        asked = await self._ask(turn, draft)
        if asked and draft["tries"] >= TRIES:
            turn.say("utter_guess_human_handoff")
        return asked

    async def _ask(self, turn: Turn, draft: Draft) -> Draft | None:
        if draft.get("unsure") or (
            draft["amount_fen"] is not None and len(draft["account_nos"] or []) > 1
        ):
            return self._ask_account(turn, draft)
        if draft["step"] in ("amount", "account", "change"):
            return self._ask_part(turn, draft)
        try:
            if draft.get("share") and draft["amount_fen"] is None:
                return await self._ask_share(turn, draft)
            return await self._ask_quoted(turn, draft)
        except WhichAccount as which:
            return self._ask_account(turn, draft | {"accounts": which.accounts})
        except Refused as refusal:
            return await self._refused(turn, draft, refusal)

    async def _ask_quoted(self, turn: Turn, draft: Draft) -> Draft:
        """The way of paying, or a yes to all that the portal quotes."""
        try:
            quote = await turn.post("payments/quote", _wanted(draft))
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

    async def _ask_share(self, turn: Turn, draft: Draft) -> Draft:
        """A share of what one account owes, rounded up to the fen; of several it is asked which."""
        quote = await turn.post("payments/quote", _wanted(draft))
        owing = [each["account_no"] for each in quote["accounts"]]
        if len(owing) > 1:
            among = [each for each in draft["accounts"] if each["account_no"] in owing]
            return self._ask_account(turn, draft, among)
        parts, of = draft["share"]
        fen = -(-quote["amount_fen"] * parts // of)
        found = {"account_nos": owing, "amount_fen": fen, "bill_no": None}
        return await self._ask_quoted(turn, draft | found)

    def _ask_part(self, turn: Turn, draft: Draft) -> Draft:
        if draft["step"] == "account":
            return self._ask_account(turn, draft)
        turn.say("utter_pay_amount" if draft["step"] == "amount" else "utter_pay_change")
        return draft

    def _ask_account(self, turn: Turn, draft: Draft, among: list[Account] | None = None) -> Draft:
        """One account for a sum of one's own; all of them only for what each owes."""
        has_sum = _has_sum(draft)
        several = len(draft["account_nos"] or []) > 1
        turn.say(
            "utter_pay_one_account" if has_sum and several else "utter_pay_account",
            buttons(among or draft["accounts"]),
        )
        if not has_sum and len(draft["accounts"]) > 1:
            turn.say("utter_pay_button_all")
        turn.say("utter_pay_button_none")
        return draft | {"step": "account", "account_nos": None, "unsure": False}

    async def _refused(self, turn: Turn, draft: Draft, refusal: Refused) -> Draft | None:
        """What the portal does not take is asked for again; nothing owed: paying in advance."""
        nobody = refusal.code in ("payment.nothing_owed", "account.not_yours")
        if nobody and not await accounts_of(turn):
            return _unbound(turn)
        turn.sentence(refusal.sentence)
        if refusal.code == "payment.nothing_owed":
            turn.say("utter_pay_topup")
            return draft | {"step": "topup", "bill_no": None, "share": None}
        if refusal.code == "account.not_yours":
            return self._ask_account(turn, draft | {"account_nos": None})
        if refusal.code.startswith("payment.amount"):
            turn.say("utter_pay_amount")
            tries = draft["tries"] + 1
            return draft | {"step": "amount", "amount_fen": None, "share": None, "tries": tries}
        return None

    async def take(self, turn: Turn, said: Said, draft: Draft) -> Taken | None:
        found = self._answer(said, draft)
        if found is None and said.intent in AUTOMATIC and leads_to_automatic(turn, said):
            return Taken(draft)
        changed = self.changes(said, draft) if found is None else found
        return Taken(draft | {"step": None} | changed) if changed else self._decide(said, draft)

    def _answer(self, said: Said, draft: Draft) -> Draft | None:
        """What answers the question that is open; None where nothing does."""
        step = draft["step"]
        if step == "channel" and (channel := picked_channel(said)):
            return {"channel": channel} | self.changes(said, draft)
        if step == "account" and (which := _picked(said, draft)).numbers:
            found = self.changes(said, draft) | {"unsure": False}
            return found | {"account_nos": _numbers(which, draft | found)}
        if step in ("amount", "topup") and (fen := typed_sum(said)) is not None:
            return {"amount_fen": fen, "share": None, "bill_no": None}
        if step == "amount" and _is_all(said):
            return {"amount_fen": None, "share": None}
        return None

    def _decide(self, said: Said, draft: Draft) -> Taken | None:
        """A yes to what was shown, or what of it is wrong."""
        step = draft["step"]
        if step == "confirm" and said.is_yes:
            return Taken(draft, agreed=True)
        if step == "change" and is_unchanged(said):
            return Taken(draft | {"step": None})
        if step in ("confirm", "change") and (part := part_of(said)):
            return Taken(
                draft | ({"channel": None, "step": None} if part == "channel" else {"step": part})
            )
        if step == "confirm" and is_no(said.intent, said.typed):
            return Taken(draft | {"step": "change"})
        if said.is_other(self.wishes(draft)) and not leaves_out(said):
            return None
        if step == "confirm" and said.intent == "pay_bill":
            return Taken(draft)
        if step in OPEN and self._said(said, draft):
            return Taken(draft | {"step": None})  # said once more, as it is already
        raise Unusable("utter_form_which_account" if step == "account" else f"utter_pay_bad_{step}")

    def is_no_change(self, said: Said, draft: Draft) -> bool:
        """Whether what should be different was answered with a bare no, which leaves the form."""
        bare = len(said.typed) <= BARE and not WRONG.search(said.typed)
        return (
            draft["step"] == "change"
            and bare
            and is_no(said.intent, said.typed)
            and not (is_unchanged(said) or part_of(said) or self.changes(said, draft))
        )

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


def _unbound(turn: Turn) -> None:
    """Nobody's account is theirs to pay for: the way to have one."""
    turn.say("utter_pay_unbound")
    turn.card("link", to="bind")


def _sum_in(said: Said, draft: Draft) -> Draft:
    """The sum that a message names, a share of what is owed, or all of that; else how much?"""
    fen = sum_of(said)
    if fen is None and draft.get("step") in OPEN and not _is_tail(said, draft):
        fen = alone_fen_of(said.typed)
    if fen is not None:
        return {"amount_fen": fen, "share": None}
    if share := share_of(said.typed):
        return {"amount_fen": None, "share": list(share)}
    if WHOLE.search(said.typed):
        return {"amount_fen": None, "share": None}
    return {"step": "amount"} if PARTLY.search(said.typed) else {}


def _is_all(said: Said) -> bool:
    """Whether all that is owed answers how much."""
    typed = said.typed
    return bool(ALL.search(typed)) and not share_of(typed) and not is_question(typed)


def _has_sum(draft: Draft) -> bool:
    """Whether a sum of one's own is to be paid, which goes to one account only."""
    return draft["amount_fen"] is not None or bool(draft.get("share"))


def _is_tail(said: Said, draft: Draft) -> bool:
    """Whether a number is the end of an account's number rather than a sum."""
    return any(each["tail"] in said.typed for each in draft["accounts"])


def _picked(said: Said, draft: Draft) -> Which:
    """The answer to which account."""
    if said.chosen == EVERY:
        return Which([each["account_no"] for each in draft["accounts"]])
    return Which([said.chosen]) if said.chosen else meant_accounts(said, draft["accounts"], None)


def _numbers(which: Which, draft: Draft) -> list[str] | None:
    """The accounts as the portal is asked for them; None for what is owed for all of them."""
    has_sum = _has_sum(draft)
    everyone = 1 < len(draft["accounts"]) == len(which.numbers)
    return None if everyone and not has_sum else which.numbers


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

    def _leaves(self, said: Said, draft: Draft) -> bool:
        return super()._leaves(said, draft) or PAYING.is_no_change(said, draft)


class AskPayment(Ask):
    errand = PAYING


class SubmitPayment(Submit):
    errand = PAYING
