"""What the person is told: a wish to change it, and what comes of that."""

from typing import Annotated, Literal

from pydantic import Field

from portal.assistant.bodies.common import Answer, Told, Words

Topic = Literal[
    "bill",
    "payment",
    "reminder",
    "balance",
    "usage",
    "outage",
    "request",
    "security",
    "news",
]
Way = Literal["wechat", "push", "sms", "mail", "voice"]
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["19:00"])]


class NoticeWish(Told):
    """Topics on channels, on or off; the channel that goes first; the hours without notices.

    Without topics all are meant, without channels all of theirs. Topics that are named with a
    `first` channel go on that one alone. Hours inside of everybody's quiet hours mean those.
    """

    topics: list[Topic] | None = Field(None, min_length=1, max_length=9)
    channels: list[Way] | None = Field(None, min_length=1, max_length=5)
    on: bool | None = None
    first: Way | None = None
    quiet_from: Clock | None = None
    quiet_until: Clock | None = None


class NoticesAnswer(Answer):
    """Whether anything changes, or has been changed, and what, in words."""

    changes: bool
    sentence: Words
