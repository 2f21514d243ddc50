"""What every provider of every channel does, and the four ways in which it can end.

A provider implements `_send` (and `_find`, where it can be asked what became of a message); the
base class times it, counts it and writes the log. Whoever calls decides by the error alone:
`Refused` is final, `Busy` took nothing and may be asked again, `Unclear` may have taken it and
is asked first (`find`) or, where it knows our reference, simply sent again (`is_idempotent`).
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from time import perf_counter
from typing import ClassVar

from runtime import metrics
from runtime.logs import get_logger

_log = get_logger(__name__)
_seconds = metrics.histogram(
    "denghuo_provider_seconds",
    "Time that handing a message over took",
    ["provider", "outcome"],
)


class Channel(StrEnum):
    """The ways to a person outside the portal; the inbox is not one of them."""

    WECHAT = "wechat"
    SMS = "sms"
    MAIL = "mail"
    VOICE = "voice"
    PUSH = "push"


class ProviderError(Exception):
    """A message was not handed over; `reason` is a short code (the provider's own, or ours)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason[:64]


class Refused(ProviderError):  # noqa: N818 - an answer, not a fault of ours
    """The provider will not send it to this person, now or later."""


class Busy(ProviderError):  # noqa: N818
    """Nothing was taken: out of order, throttled, not reached. It may be asked again."""


class Unclear(ProviderError):  # noqa: N818
    """The answer did not come: it may have been taken."""


@dataclass(frozen=True)
class Enclosure:
    """A file that goes with a letter."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Parcel:
    """A message as a provider gets it.

    `recipient` is a mobile number (11 digits), a mail address, an openid, or a push subscription
    as JSON. `template` names the wording with its language (`arrears_before_zh`), `code` is what
    the provider itself calls it, where it must know it. `words` are the wording's parts, filled
    in (`text`; for mail `subject`, `text`; for WeChat its keys; for push `title`, `text`).
    """

    reference: str
    recipient: str
    template: str
    language: str
    params: Mapping[str, str]
    words: Mapping[str, str]
    code: str = ""
    link: str = ""
    unsubscribe: str = ""
    created_at: datetime | None = None
    enclosures: Sequence[Enclosure] = field(default=())


@dataclass(frozen=True)
class Found:
    """What a provider knows of a message that it took; `delivered` is None on its way."""

    provider_no: str
    delivered: bool | None = None
    reason: str = ""


class Provider(ABC):
    """One provider of one channel, safe to share between threads."""

    name: ClassVar[str]
    channel: ClassVar[Channel]
    is_idempotent: ClassVar[bool] = False
    """Whether the same reference is sent once, however often it is asked for."""
    remembers: ClassVar[timedelta | None] = None
    """For so long it knows a reference again; None: for good."""
    reports: ClassVar[bool] = False
    """Whether it says later that a message was delivered."""

    def send(self, parcel: Parcel) -> str:
        """The provider's number of the message. Raises Refused, Busy, Unclear."""
        started, outcome = perf_counter(), "sent"
        try:
            return self._send(parcel)
        except ProviderError as error:
            outcome = type(error).__name__.lower()
            _log.warning(
                "not_handed_over", provider=self.name, outcome=outcome, reason=error.reason
            )
            raise
        finally:
            _seconds.labels(self.name, outcome).observe(perf_counter() - started)

    def find(self, parcel: Parcel) -> Found | None:
        """What became of a message that may have been taken; None: it was not.

        Raises Busy when the provider cannot say, and NotImplementedError when it never can.
        """
        return self._find(parcel)

    @abstractmethod
    def _send(self, parcel: Parcel) -> str:
        """Hand it over, once. Raises Refused, Busy, Unclear."""

    def _find(self, parcel: Parcel) -> Found | None:
        raise NotImplementedError
