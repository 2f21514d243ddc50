"""Who asks for something: a user, or a stranger."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from sqlalchemy.orm import Session

from service.people import limits
from service.people.limits import Limit


@dataclass(frozen=True)
class Asker:
    """A user, or a stranger known by their browser or their conversation.

    `network` is where a stranger comes from, for limits that many strangers share. `proven` are the
    numbers of others' requests whose phone has just shown itself here (`requests.guests`).
    """

    name: str
    user_id: int | None = None
    network: str | None = None
    proven: frozenset[str] = frozenset()

    @classmethod
    def of_user(cls, user_id: int) -> Self:
        return cls(f"user:{user_id}", user_id)

    @classmethod
    def of_conversation(cls, conversation_id: int) -> Self:
        return cls(f"talk:{conversation_id}")

    @classmethod
    def of_browser(cls, secret: str, network: str | None = None) -> Self:
        """A browser that nobody is signed in with; `secret` is something that it alone has."""
        return cls(f"browser:{sha256(secret.encode()).hexdigest()}", network=network)


def count_try(session: Session, asker: Asker, own: Limit, of_network: Limit) -> None:
    """Count what costs something, against the asker and the network. Raises TooManyTries."""
    limits.take(session, own, asker.name)
    if asker.network is not None:
        limits.take(session, of_network, asker.network)
