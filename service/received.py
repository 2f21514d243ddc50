"""Money that was received for an account and is not in the copy of the core yet.

The copy still calls its bills overdue, and nobody may be pressed for them. Payments is a room
above this one, so what it knows comes in as queries: whoever puts the application together names
them (`denghuo/wiring.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Received:
    """Bills whose money is here, and `free_fen` that the core will put to the oldest bills."""

    bill_nos: frozenset[str] = frozenset()
    free_fen: int = 0

    def __bool__(self) -> bool:
        return bool(self.bill_nos) or self.free_fen > 0

    def __add__(self, other: "Received") -> "Received":
        return Received(self.bill_nos | other.bill_nos, self.free_fen + other.free_fen)


Query = Callable[[Session, str], Received]
"""What one room has received for an account (`account_no`)."""

_queries: list[Query] = []


def ask_too(query: Query) -> None:
    """Count what this query knows; a second call is one."""
    if query not in _queries:
        _queries.append(query)


def ask_no_more(query: Query) -> None:
    """Count it no more."""
    if query in _queries:
        _queries.remove(query)


def on_its_way(session: Session, account_no: str) -> Received:
    """What is on its way to the core for an account, by all that know."""
    return sum((query(session, account_no) for query in _queries), Received())
