"""Bills, why they are what they are, and what is owed."""

from typing import Literal

from pydantic import Field

from portal.assistant.bodies.common import (
    AccountNo,
    Answer,
    Energy,
    Fen,
    Money,
    Month,
    Words,
)

State = Literal["open", "overdue", "crediting", "paid", "nothing"]


class Bill(Answer):
    """A bill. `state`: open, overdue, crediting (paid, being posted), paid, or nothing (nothing
    is or was to be paid); `due_words` says until when, as long as something is to be paid."""

    bill_no: str
    account_no: AccountNo
    label: Words
    month: Month
    month_words: Words
    amount_fen: Fen
    amount: Money
    kwh: Energy
    state: State
    state_words: Words
    due_words: Words | None
    estimated: bool


class Missing(Answer):
    """A month that was asked for and has no bill, and why."""

    account_no: AccountNo
    label: Words
    month_words: Words
    why: Literal["not_issued", "before_supply", "unknown"]
    sentence: Words


class Bills(Answer):
    """Bills, the newest first, at most 12; `count` and the sums are of all that were asked for."""

    months_words: Words
    bills: list[Bill] = Field(max_length=12)
    count: int
    amount_fen: Fen
    amount: Money
    kwh: Energy
    missing: list[Missing]
    sentence: Words


class Against(Answer):
    """The bill that another is held against."""

    month_words: Words
    amount: Money


class Explained(Answer):
    """Why a bill is what it is: the words of its page."""

    bill: Bill
    against: Against | None
    difference_fen: Fen
    difference: str = Field(description="With its sign: +82.47")
    headline: Words
    sentences: list[Words]


class Owed(Answer):
    """What one account owes: `bills` of them open, `overdue` of these late."""

    account_no: AccountNo
    label: Words
    owed_fen: Fen
    owed: Money
    credit_fen: Fen
    credit: Money
    bills: int
    overdue: int
    due_words: Words | None
    prepaid: bool
    sentence: Words


class Balance(Answer):
    """What is owed in all, late charges to today included, and account by account."""

    owed_fen: Fen
    owed: Money
    credit_fen: Fen
    accounts: list[Owed]
    sentence: Words
