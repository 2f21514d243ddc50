"""What somebody is about to pay, as it is confirmed: bound to who, to whom and how much."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from payments.models import OrderItem

Line = tuple[str, str, int]
"""Account, bill (empty for money onto the balance), fen."""


@dataclass(frozen=True)
class Intent:
    """One order to come. `key` is the form's, which becomes the order's: no other is meant."""

    user_id: int
    key: str
    lines: tuple[Line, ...]

    @classmethod
    def of(cls, user_id: int, key: str, lines: Iterable[tuple[str, str | None, int]]) -> Self:
        """The same whatever the order of the lines."""
        kept = sorted((account_no, bill_no or "", fen) for account_no, bill_no, fen in lines)
        return cls(user_id, key, tuple(kept))

    @classmethod
    def of_items(cls, user_id: int, key: str, items: Iterable[OrderItem]) -> Self:
        return cls.of(user_id, key, ((i.account_no, i.bill_no, i.amount_fen) for i in items))

    @property
    def amount_fen(self) -> int:
        return sum(fen for _account_no, _bill_no, fen in self.lines)

    @property
    def account_nos(self) -> list[str]:
        return list(dict.fromkeys(account_no for account_no, _bill_no, _fen in self.lines))

    @property
    def digest(self) -> bytes:
        """SHA-256 of all of it: another person, form, account, bill or sum gives another."""
        said = json.dumps([self.user_id, self.key, self.amount_fen, self.lines])
        return hashlib.sha256(said.encode()).digest()

    @property
    def subject(self) -> str:
        """The digest as text, for what codes and challenges are bound to."""
        return self.digest.hex()
