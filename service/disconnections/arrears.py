"""Accounts in arrears by age, for the desk: the longest overdue first, in pages after a mark.

The mark is the oldest due day and the number of the last row (decision 60), so nothing is skipped
because an account has been paid meanwhile. Sums are principal in fen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any, Self, TypeVarTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    cast,
    func,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import Session, aliased

from runtime import clock
from service.arrangements.models import LIVING as ARRANGED
from service.arrangements.models import Arrangement
from service.disconnections.models import LIVING, Disconnection
from service.dues import is_open
from service.insight.models import LateScore
from service.models import Account, Bill

AGES: dict[str, int | None] = {"30": 30, "60": 60, "90": 90, "more": None}
"""How many days the oldest bill is late at most, the least first."""
KINDS = ("residential", "commercial", "industrial", "agriculture")
ARRANGEMENTS = ("none", "asked", "active", "broken")
DISCONNECTIONS = ("none", *LIVING)
BANDS = ("high", "middle", "low")
PAGE = 50

Columns = TypeVarTuple("Columns")
Ended = aliased(Arrangement)


@dataclass(frozen=True)
class Wanted:
    """Which accounts somebody wants to see; empty is all."""

    age: str = ""
    kind: str = ""
    arrangement: str = ""
    disconnection: str = ""
    band: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> Self:
        """From an address; what is no choice is left out."""
        known = {
            "age": tuple(AGES),
            "kind": KINDS,
            "arrangement": ARRANGEMENTS,
            "disconnection": DISCONNECTIONS,
            "band": BANDS,
        }
        return cls(**{name: asked[name] for name in known if asked.get(name) in known[name]})

    @property
    def kept(self) -> dict[str, Any]:
        """What is narrowed, as it stands in an address."""
        chosen = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in chosen.items() if value}


@dataclass(frozen=True)
class Mark:
    """A place in the list: the oldest due day, and the account."""

    due: date
    account_no: str

    def __str__(self) -> str:
        return f"{self.due}~{self.account_no}"

    @classmethod
    def read(cls, said: str) -> Self:
        """Raises ValueError."""
        due, _tilde, account_no = said.partition("~")
        return cls(date.fromisoformat(due), account_no)


@dataclass(frozen=True)
class InArrears:
    """An account in arrears: since when, how many bills, how much; states and band, if any."""

    account: Account
    oldest: date
    bills: int
    overdue_fen: int
    arrangement: str | None
    disconnection: str | None
    band: str | None

    @property
    def days_late(self) -> int:
        return (clock.today() - self.oldest).days


@dataclass(frozen=True)
class Page:
    """Rows in their order, and the mark after which the next page begins, if there is one."""

    rows: list[InArrears]
    after: Mark | None


@dataclass(frozen=True)
class Aged:
    """So many accounts of an age, and what they owe together."""

    accounts: int
    overdue_fen: int


def page(session: Session, wanted: Wanted, after: Mark | None = None, limit: int = PAGE) -> Page:
    """The next rows after a mark, or the first ones."""
    owed = _owed()
    query = (
        _narrowed(_rows(owed), wanted)
        .where(_of_age(owed, wanted.age))
        .order_by(owed.c.oldest, Account.account_no)
        .limit(limit + 1)
    )
    if after is not None:
        behind = tuple_(owed.c.oldest, Account.account_no) > (after.due, after.account_no)
        query = query.where(behind)
    found = [InArrears(*row) for row in session.execute(query)]
    last = found[limit - 1] if len(found) > limit else None
    return Page(found[:limit], Mark(last.oldest, last.account.account_no) if last else None)


def ages(session: Session, wanted: Wanted) -> dict[str, Aged]:
    """Accounts and sums of every age, narrowed by all else; `""` is all of them."""
    owed = _owed()
    sums = _joined(
        select(_age(owed).label("age"), func.count(), func.sum(owed.c.overdue_fen)), owed
    )
    rows = session.execute(_narrowed(sums, wanted).group_by("age"))
    found = {str(age): Aged(count, int(fen)) for age, count, fen in rows}
    of_each = {age: found.get(age, Aged(0, 0)) for age in AGES}
    accounts = sum(each.accounts for each in of_each.values())
    overdue_fen = sum(each.overdue_fen for each in of_each.values())
    return {"": Aged(accounts, overdue_fen), **of_each}


def _owed() -> Subquery:
    """What each account owes past its day."""
    return (
        select(
            Bill.account_no,
            func.min(Bill.due).label("oldest"),
            func.count().label("bills"),
            cast(func.sum(Bill.total_fen - Bill.settled_fen), BigInteger).label("overdue_fen"),
        )
        .where(is_open(), Bill.due < clock.today())
        .group_by(Bill.account_no)
        .subquery("owed")
    )


def _rows(owed: Subquery) -> Select[Any]:
    return _joined(
        select(
            Account,
            owed.c.oldest,
            owed.c.bills,
            owed.c.overdue_fen,
            Arrangement.state,
            Disconnection.state,
            LateScore.band,
        ),
        owed,
    )


def _joined(columns: Select[*Columns], owed: Subquery) -> Select[*Columns]:
    """Each account with what lives of it, and its score where it has one."""
    arranged = and_(Arrangement.account_no == Account.account_no, Arrangement.state.in_(ARRANGED))
    planned = and_(Disconnection.account_no == Account.account_no, Disconnection.state.in_(LIVING))
    return (
        columns.select_from(owed)
        .join(Account, Account.account_no == owed.c.account_no)
        .outerjoin(Arrangement, arranged)
        .outerjoin(Disconnection, planned)
        .outerjoin(LateScore, LateScore.account_no == Account.account_no)
    )


def _narrowed(rows: Select[*Columns], wanted: Wanted) -> Select[*Columns]:
    """By everything but the age."""
    return rows.where(
        Account.kind == wanted.kind if wanted.kind else true(),
        LateScore.band == wanted.band if wanted.band else true(),
        _arranged(wanted.arrangement),
        _planned(wanted.disconnection),
    )


def _age(owed: Subquery) -> ColumnElement[str]:
    """The name of the age of a row."""
    whens = [
        (owed.c.oldest >= clock.today() - timedelta(days=to), name)
        for name, to in AGES.items()
        if to is not None
    ]
    return case(*whens, else_="more")


def _of_age(owed: Subquery, age: str) -> ColumnElement[bool]:
    return _age(owed) == age if age else true()


def _arranged(state: str) -> ColumnElement[bool]:
    if state == "none":
        return Arrangement.id.is_(None)
    if state == "broken":
        broken = select(Ended.account_no).where(Ended.state == "broken")
        return and_(Arrangement.id.is_(None), Account.account_no.in_(broken))
    return Arrangement.state == state if state else true()


def _planned(state: str) -> ColumnElement[bool]:
    if state == "none":
        return Disconnection.id.is_(None)
    return Disconnection.state == state if state else true()
