"""What waits for a second person, in words: each room says what its kind of request does.

A room of the desk registers its kind where it is declared:

    @in_words("shift")
    def _shift(session, approval): return Asked(_("…"), [(_("差额"), "¥1.00")])
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from service.approvals import Approval


@dataclass(frozen=True)
class Asked:
    """A request as whoever decides reads it: what it does, particulars, and where to see more."""

    title: str
    lines: list[tuple[str, str]] = field(default_factory=list)
    link: str | None = None
    by: frozenset[str] | None = None
    """The roles that may decide; None for all who see it."""


Words = Callable[[Session, Approval], Asked]
_words: dict[str, Words] = {}


def in_words(kind: str) -> Callable[[Words], Words]:
    """Declare how requests of this kind are told."""

    def declare(words: Words) -> Words:
        _words[kind] = words
        return words

    return declare


def tell(session: Session, approval: Approval) -> Asked:
    """The request in words; one of an unknown kind by its number alone."""
    words = _words.get(approval.kind)
    if words is None:
        return Asked(_("一件没有说明的申请：%(number)s", number=approval.subject))
    return words(session, approval)
