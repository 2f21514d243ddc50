"""The person of the conversation: who it is, what reminds them, who helps them."""

from typing import Annotated, Literal

from pydantic import Field

from portal.assistant.bodies.common import AS_WHOLE, Acc, Answer, Day, NamedAccount, Told, Words


class Desk(Answer):
    """When people answer at the desk, in Beijing time."""

    open: bool
    opens: str = Field(pattern=r"^\d\d:\d\d$")
    closes: str = Field(pattern=r"^\d\d:\d\d$")
    words: Words


class Context(Answer):
    """Who is talking, and what holds everywhere. `greeting_name` is never a full name."""

    signed_in: bool
    language: Literal["zh", "en"]
    channel: Literal["web", "wechat"]
    elder: bool
    today: Day
    greeting_name: str | None
    hotline: Words
    utility: Words
    desk: Desk
    accounts: list[Acc] = Field(max_length=12)
    account_count: int


class Reminder(Answer):
    """A reminder and whether it is on."""

    kind: str
    on: bool
    words: Words


class Reminders(Answer):
    """Of which low balances the person is told."""

    reminders: list[Reminder]
    sentence: Words


class ReminderWish(Told):
    """The reminder of a low balance on or off, of one prepaid account, with its sum."""

    kind: Literal["low_balance"]
    on: bool
    threshold_fen: Annotated[int, Field(ge=-(10**15), le=10**15), AS_WHOLE] | None = None
    account_no: NamedAccount | None = None


class HandoffAsked(Told):
    """Asking for a person. The summary must not hold phone numbers or full names; what looks
    like one is masked."""

    reason: str = Field(pattern=r"^[a-z_]{1,32}$")
    summary: str = Field(min_length=1, max_length=1000, pattern=r"^[^\u0000]*$")
    phone: str | None = Field(None, max_length=40, pattern=r"^[^\u0000]*$")


class Handoff(Answer):
    """How it stands: waiting (with how many before), callback (the desk is closed, the person is
    called), already (asked before, still so)."""

    state: Literal["waiting", "callback", "already"]
    ahead: int
    minutes: int | None
    opens_words: Words | None
    sentence: Words


class ElderWish(Told):
    """Large print and plain pages, on or off."""

    on: bool


class Elder(Answer):
    """How it is now."""

    on: bool
    sentence: Words
