"""Several notices of one person in one message: a digest of any, or the sums of one kind."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from sqlalchemy.orm import Session

from notifications import saying
from notifications.kinds import kinds
from notifications.models import Notice
from notifications.wordings import INBOX, in_force
from runtime.money import parse_yuan, yuan

DIGEST = "digest"
MANY = ".many"
SUMS = ("amount", "late", "principal")
"""Figures in yuan that are added up over a person's accounts."""

FALLBACK_MINUTES = min(
    each.fallback_minutes for each in kinds().values() if each.digest and each.fallback_minutes
)
"""Of a digest: what is waited for least long may be in it."""

Figures = Mapping[str, str]


def fallback_minutes(name: str) -> int | None:
    """How long the delivery of a message of these words is waited for; None: it is not."""
    if name == DIGEST:
        return FALLBACK_MINUTES
    known = kinds().get(name.removesuffix(MANY))
    return known.fallback_minutes if known else None


def together(
    session: Session, name: str, notices: Sequence[Notice], told: Sequence[Figures], language: str
) -> dict[str, str]:
    """The figures of several notices as one, for the words of `name`.

    Raises KeyError where the inbox has no words for one of them.
    """
    if name.endswith(MANY):
        return _summed(told)
    return {
        "count": str(len(notices)),
        "lines": "\n".join(
            _line(session, notice, figures, language)
            for notice, figures in zip(notices, told, strict=True)
        ),
        "link": saying.link("/inbox"),
    }


def _summed(told: Sequence[Figures]) -> dict[str, str]:
    """The sums; the largest of them with the end of its account's number; the longest delay."""
    most = max(told, key=lambda each: parse_yuan(each["amount"]))
    sums = {
        each: yuan(sum(parse_yuan(figures[each]) for figures in told))
        for each in SUMS
        if each in most
    }
    days = [figures["days"] for figures in told if "days" in figures]
    own = {"count": str(len(told)), "most": most["amount"], "link": saying.link("/bills")}
    longest = {"days": max(days, key=Decimal)} if days else {}
    return {**most, **sums, **own, **longest}


def _line(session: Session, notice: Notice, figures: Figures, language: str) -> str:
    """What the inbox says of it, in a line."""
    return in_force(session, notice.kind, INBOX, language).fill(figures)["title"]
