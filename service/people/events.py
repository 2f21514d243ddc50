"""What happens to people that other rooms act on."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class CodeIssued:
    """A one-time code waits to be sent to `phone` and is worth nothing after `expires_at`."""

    phone: str = field(repr=False)
    code: str = field(repr=False)
    purpose: str
    language: str
    expires_at: datetime
    details: dict[str, str] = field(default_factory=dict)
    """Further words of the message, such as the sum of a payment."""


@dataclass(frozen=True)
class UserRegistered:
    """There is a new user, who signs in with `phone`."""

    user_id: int
    phone: str = field(repr=False)


@dataclass(frozen=True)
class NewBrowser:
    """A user has signed in at a browser that was never theirs; `device` is what it calls itself."""

    user_id: int
    session_id: int
    device: str
    at: datetime


@dataclass(frozen=True)
class RoleChanged:
    """One of the utility's own people has another role; None for who may not come in any more."""

    user_id: int
    role: str | None
