"""What a room says when the answer is no.

A refusal carries a code and its figures, never a sentence: the sentence belongs to the room
that speaks to people, in their language.
"""

from datetime import datetime
from typing import Any


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not a fault
    """The request is understood and the answer is no.

    `code` names the reason in dotted lower case (`account.not_found`), `params` holds what the
    sentence needs. Neither ever holds a secret.
    """

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params: dict[str, Any] = params

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.code, self.params))


class NotFound(Refused):
    """There is no such thing, or none that the asker may know of."""


class Forbidden(Refused):
    """The asker is known and may not do this."""


class TooManyTries(Refused):
    """A limit on tries is used up until `retry_at` (UTC)."""

    def __init__(self, code: str, *, retry_at: datetime, **params: Any) -> None:
        super().__init__(code, retry_at=retry_at, **params)
        self.retry_at = retry_at


class Conflict(Refused):
    """The thing is in a state in which this cannot be done."""


class Unavailable(Refused):
    """Something this answer depends on is down; the same request may succeed later."""


def _rebuild(cls: type[Refused], code: str, params: dict[str, Any]) -> Refused:
    return cls(code, **params)
