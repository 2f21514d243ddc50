"""What this room tells others, in the transaction of the change."""

from datetime import datetime

from msgspec import Struct


class LegalNoticeTold(Struct, frozen=True):
    """A notice that the law asks for has gone out to one person; `key` is the notice's."""

    kind: str
    key: str
    at: datetime


class LegalNoticeFailed(Struct, frozen=True):
    """A notice that the law asks for has reached that person on no channel after all."""

    kind: str
    key: str
