"""What a message of the inbox is made of."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Said:
    """A title, a sentence or two, and the page on which there is more of it."""

    title: str
    text: str
    address: str


def instant(params: dict[str, Any], name: str) -> datetime | None:
    """An instant of the figures of a message; None where there is none."""
    value = params.get(name)
    return datetime.fromisoformat(value) if value else None
