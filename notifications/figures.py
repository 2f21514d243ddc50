"""Figures of a notice at the moment at which it is sent.

What a notice tells may have changed since it was written down: part of a bill was paid, a late
charge has grown. So a room marks a function for its kinds, which reads what holds now, or says
that it no longer does; the notice is then taken back. Without one, its own `params` are all.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from notifications.models import Notice

Figures = dict[str, str]
Reader = Callable[[Session, Sequence[Notice], str], list[Figures | None]]
"""Of notices of one kind and the language of their reader: the figures of each, in order;
None where it no longer holds."""

_readers: dict[str, Reader] = {}


def figures(*kinds: str) -> Callable[[Reader], Reader]:
    """Mark what reads the figures of these kinds."""

    def mark(reader: Reader) -> Reader:
        for each in kinds:
            _readers[each] = reader
        return reader

    return mark


def read(session: Session, notices: Sequence[Notice], language: str) -> list[Figures | None]:
    """The figures of notices of any kinds, in order: a reader is asked once for all of its kind."""
    found: dict[int, Figures | None] = {}
    for name in dict.fromkeys(each.kind for each in notices):
        same = [each for each in notices if each.kind == name]
        told = _readers.get(name, _own)(session, same, language)
        found |= {notice.id: figures for notice, figures in zip(same, told, strict=True)}
    return [found[each.id] for each in notices]


def params_of(notice: Notice) -> dict[str, Any]:
    """What was written down with a notice."""
    known: dict[str, Any] = json.loads(notice.params) if notice.params else {}
    return known


def _own(_session: Session, notices: Sequence[Notice], _language: str) -> list[Figures | None]:
    return [{name: str(value) for name, value in params_of(each).items()} for each in notices]
