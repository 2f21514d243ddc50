"""What finance sees: how the model does, accounts by risk, and what stands behind one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Self

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session

from runtime import clock
from service.customers import opening
from service.dues import is_open
from service.insight.measuring import Measured
from service.insight.models import LateModel, LateObjection, LateScore
from service.insight.training import newest_model
from service.models import Account, Bill

PAGE = 50
BANDS = ("high", "middle", "low")


@dataclass(frozen=True)
class Standing:
    """The model in force, and how it did; None where it could not be measured."""

    model: LateModel
    measured: Measured | None


@dataclass(frozen=True)
class OfBand:
    """So many accounts in a band, and what of their bills is past due, in fen."""

    band: str
    accounts: int
    overdue_fen: int


@dataclass(frozen=True)
class Wanted:
    """Which accounts: of one band or of all; with `owing` those with bills past due alone."""

    band: str = ""
    owing: bool = False


@dataclass(frozen=True)
class Mark:
    """A place in the list: a score, and an account among those of the same."""

    score: float
    account_no: str

    def __str__(self) -> str:
        return f"{self.score}~{self.account_no}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises ValueError."""
        score, _tilde, number = text.partition("~")
        if not (number.isascii() and number.isalnum() and isfinite(float(score))):
            raise ValueError(text)
        return cls(float(score), number)


@dataclass(frozen=True)
class Item:
    """An account in the list by its score, with what is past due, in fen; no name, no address."""

    score: LateScore
    overdue_fen: int


@dataclass(frozen=True)
class Page:
    """Accounts, the likeliest to be late first, and the mark after which the next page begins."""

    items: list[Item]
    after: Mark | None


@dataclass(frozen=True)
class Explained:
    """One account: its score if it has one, and whether its customer has objected."""

    account: Account
    score: LateScore | None
    objection: LateObjection | None
    overdue_fen: int


def standing(session: Session) -> Standing | None:
    """How the model is doing; None before the first night."""
    model = newest_model(session)
    if model is None:
        return None
    return Standing(model, Measured.of(model.metrics) if model.metrics else None)


def bands(session: Session) -> list[OfBand]:
    """How many accounts are in each band, and what they owe past its due date."""
    owed = _overdue().subquery()
    rows = session.execute(
        select(LateScore.band, func.count(), func.coalesce(func.sum(owed.c.fen), 0))
        .outerjoin(owed, owed.c.account_no == LateScore.account_no)
        .group_by(LateScore.band)
    )
    found = {band: OfBand(band, accounts, int(fen)) for band, accounts, fen in rows}
    return [found.get(band, OfBand(band, 0, 0)) for band in BANDS]


def page(session: Session, wanted: Wanted, after: Mark | None = None, limit: int = PAGE) -> Page:
    """The next accounts after a mark, or the first."""
    query = (
        select(LateScore).order_by(LateScore.score.desc(), LateScore.account_no).limit(limit + 1)
    )
    if wanted.band:
        query = query.where(LateScore.band == wanted.band)
    if wanted.owing:
        query = query.where(_overdue().where(Bill.account_no == LateScore.account_no).exists())
    if after is not None:
        # PostgreSQL compares a row in one direction; the score goes down, its account up.
        query = query.where(
            tuple_(-LateScore.score, LateScore.account_no) > (-after.score, after.account_no)
        )
    rows = session.scalars(query).all()
    shown = rows[:limit]
    owed = overdue(session, [each.account_no for each in shown])
    items = [Item(each, owed.get(each.account_no, 0)) for each in shown]
    last = shown[-1] if len(rows) > limit else None
    return Page(items, Mark(last.score, last.account_no) if last else None)


def explained(session: Session, account_no: str) -> Explained:
    """One account. Raises NotFound("customer.not_found")."""
    account = opening.account(session, account_no)
    return Explained(
        account,
        session.get(LateScore, account_no),
        session.get(LateObjection, account_no),
        overdue(session, [account_no]).get(account_no, 0),
    )


def overdue(session: Session, account_nos: Sequence[str]) -> dict[str, int]:
    """What of the bills of some accounts is past due, in fen, without late charges."""
    rows = session.execute(_overdue().where(Bill.account_no.in_(account_nos)))
    return {number: int(fen) for number, fen in rows}


def _overdue() -> Select[str, int]:
    left = func.sum(Bill.total_fen - Bill.settled_fen).label("fen")
    return (
        select(Bill.account_no, left)
        .where(is_open(), Bill.due < clock.today())
        .group_by(Bill.account_no)
    )
