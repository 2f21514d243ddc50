"""What a question about one's own data is about: which time and which account.

Said in the message, carried from the question before (那上个月呢), or chosen earlier.
"""

import re
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions.accounts import accounts_of, named
from actions.answering import say_in_general
from actions.labels import is_of_several
from actions.messages import Said
from actions.say import Turn, button
from actions.topic import Topic, known_accounts
from actions.when import Span, Unclear, span

ALL = re.compile(
    r"全部|所有|一共|总共|每个|各户|各个|都有|all (of )?(my|the)|every|total|altogether", re.I
)


@dataclass(frozen=True)
class Asked:
    """A question: `span` is None where no time was said; `account_no` where no account was."""

    period: str | None
    span: Span | None
    account_no: str | None
    chosen: bool
    """The account was said now, not remembered from an earlier choice."""

    @property
    def days(self) -> dict[str, str]:
        """`from` and `to` as the portal wants them; nothing where no time was said."""
        return self.span.days if self.span else {}


Days = Callable[[Turn, str, str | None], Awaitable[Span | None]]


class Question(Topic):
    """A question about the customer's data. Subclasses have a name and `answer`."""

    @abstractmethod
    async def answer(self, turn: Turn, asked: Asked) -> list[EventType]:
        """Answer, and return what the conversation keeps beside the question."""

    async def days(self, turn: Turn, period: str, account_no: str | None) -> Span | None:
        """The days of a time in words; None for the newest bill, which has none until it is read.

        Raises `Unclear` for what cannot be meant: of bills and use nothing lies ahead.
        """
        found = span(period, turn.today)
        if isinstance(found, Span):
            return found
        if found.back == 0:
            return None
        bills = (await turn.get("bills", account_no=account_no))["bills"]
        newest = span(bills[0]["month"], turn.today) if bills else Span(turn.today, turn.today)
        return newest.month_before(found.back)

    async def act(self, turn: Turn) -> list[EventType]:
        """A general question is answered in general; a time that cannot be meant is said."""
        if await say_in_general(turn):
            return []
        try:
            asked, learnt = await read(turn, self.days)
        except Unclear as problem:
            turn.say(problem.response, words=problem.words)
            return []
        return [*learnt, *remembered(turn, asked), *await self.answer(turn, asked)]


async def read(turn: Turn, days_of: Days) -> tuple[Asked, list[EventType]]:
    """The question, and what was learnt of the customer's accounts on the way.

    Raises what `days_of` and `Turn.get` raise.
    """
    before = carried(turn)
    period = said_period(turn) or before.get("period")
    accounts, learnt = await _accounts(turn)
    said = named(Said.now(turn), accounts)
    account_no = said[0] if len(said) == 1 else before.get("account_no")
    chosen = account_no is not None
    if (
        not said
        and not chosen
        and not ALL.search(turn.text)
        and not is_of_several(turn.text, accounts)
    ):
        account_no = turn.slot("account_no")
    days = await days_of(turn, period, account_no) if period else None
    return Asked(period, days, account_no, chosen), learnt


def carried(turn: Turn) -> dict[str, Any]:
    """The question before, when this message only changes a part of it."""
    metadata = turn.tracker.latest_message.get("metadata") or {}
    return (turn.slot("last_question") or {}) if metadata.get("carried") else {}


def said_period(turn: Turn) -> str | None:
    """The words of the time in this message: 三月到五月 may be marked as two."""
    said = [str(each) for each in turn.tracker.get_latest_entity_values("period")]
    return "到".join(said[:2]) if len(said) > 1 and "到" in turn.text else next(iter(said), None)


def remembered(turn: Turn, asked: Asked) -> list[EventType]:
    """What the next question may carry on; an account that was said is chosen from now on."""
    question = {"intent": turn.intent, "period": asked.period, "account_no": asked.account_no}
    kept: list[EventType] = [SlotSet("last_question", question)]
    return [*kept, SlotSet("account_no", asked.account_no)] if asked.chosen else kept


async def _accounts(turn: Turn) -> tuple[list[dict[str, Any]], list[EventType]]:
    """The customer's accounts as they are called; asked for once in a conversation."""
    if not turn.signed_in or turn.slot("accounts") is not None:
        return turn.slot("accounts") or [], []
    accounts = await accounts_of(turn)
    return accounts, [known_accounts(accounts)]


def account_button(bill: dict[str, Any], intent: str) -> dict[str, str]:
    """A button that asks the same about the account and month of this bill."""
    title = f"{bill['label']} {bill['month_words']}"
    return button(title, intent, account_no=bill["account_no"], period=bill["month"])
