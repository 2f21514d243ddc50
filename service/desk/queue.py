"""The queues of the desk: open requests by their clock, read in pages that cost the same anywhere.

A page goes on after a mark, the place of the last row of the page before it; so nothing is skipped
or seen twice because a colleague has closed something meanwhile. Counts stop at `MOST_COUNTED`.
"""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Literal, Self, get_args

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    and_,
    func,
    literal,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from runtime import clock
from service.models import Account, User
from service.requests.models import Request

Queue = Literal["mine", "team", "free", "late", "paused", "all"]
QUEUES: tuple[Queue, ...] = get_args(Queue)
"""One's own, one's team's, those that nobody has taken on, those past their time, those whose
customer owes an answer, and all that are open."""

PAGE = 50
BESIDE = 12
"""Rows of the queue that stand beside an open case."""
MOST_COUNTED = 99


@dataclass(frozen=True)
class Wanted:
    """What somebody wants to see: a queue, and of it a team, a kind, a person, what is urgent."""

    queue: Queue = "team"
    team: str | None = None
    kind: str | None = None
    person: int | None = None
    urgent: bool = False

    @classmethod
    def of(cls, given: dict[str, Any]) -> Self:
        """From what was kept; what is not known any longer is left out."""
        known = {each.name: given[each.name] for each in fields(cls) if each.name in given}
        return cls(**known)

    @property
    def kept(self) -> dict[str, Any]:
        """What differs from the plain queue, to be kept or written into an address."""
        plain = type(self)()
        return {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if getattr(self, each.name) != getattr(plain, each.name)
        }


@dataclass(frozen=True)
class Mark:
    """A place in a queue: the time by which it is ordered, None at its end, and the row's id."""

    at: datetime | None
    id: int

    def __str__(self) -> str:
        return f"{self.at.isoformat() if self.at else ''}~{self.id}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises ValueError."""
        at, _tilde, row = text.partition("~")
        when = datetime.fromisoformat(at) if at else None
        if when is not None and when.tzinfo is None:
            raise ValueError(text)
        return cls(when, int(row))


@dataclass(frozen=True)
class Item:
    """A request as a row of the queue; `account` and `assignee` where it has them."""

    request: Request
    account: Account | None
    assignee: User | None


@dataclass(frozen=True)
class Page:
    """Rows in their order, and the mark after which the next page begins, if there is one."""

    items: list[Item]
    after: Mark | None


def page(
    session: Session, wanted: Wanted, me: int, after: Mark | None = None, limit: int = PAGE
) -> Page:
    """The next rows of a queue after a mark, or its first."""
    found = _after(session, wanted, me, after, limit + 1)
    return Page(found[:limit], _mark(wanted, found[limit - 1]) if len(found) > limit else None)


def beside(session: Session, wanted: Wanted, me: int, request: Request) -> list[Item]:
    """The part of a queue in which a request stands; the queue's beginning when it left it."""
    column = _clock_of(wanted)
    at = getattr(request, column.key)
    if request.closed_at is not None or at is None:
        return page(session, wanted, me, limit=BESIDE).items
    before = (
        _rows(wanted, me)
        .where(tuple_(column, Request.id) < (at, request.id))
        .order_by(column.desc(), Request.id.desc())
        .limit(BESIDE // 3)
    )
    found = _items(session, before)[::-1]
    rest = page(session, wanted, me, Mark(at, request.id - 1), BESIDE - len(found))
    return found + rest.items


def counts(session: Session, me: int, wanted: Wanted) -> dict[Queue, int]:
    """How many stand in each queue, narrowed as `wanted` is; `MOST_COUNTED` + 1 means more."""
    sums = [_counted(replace(wanted, queue=queue), me).label(queue) for queue in QUEUES]
    return dict(zip(QUEUES, session.execute(select(*sums)).one(), strict=True))


def how_many(session: Session, wanted: Wanted, me: int, most: int) -> int:
    """How many a queue holds; `most` + 1 means more."""
    return session.scalar(select(_counted(wanted, me, most))) or 0


def met(wanted: Wanted, me: int) -> ColumnElement[bool]:
    """What a request must be to stand in a queue."""
    return and_(Request.closed_at.is_(None), *_of_queue(wanted, me), *_narrowed(wanted))


def _of_queue(wanted: Wanted, me: int) -> list[ColumnElement[bool]]:
    team = [Request.team == wanted.team] if wanted.team else []
    match wanted.queue:
        case "mine":
            return [Request.assignee_id == me]
        case "free":
            return [*team, Request.assignee_id.is_(None)]
        case "late":
            return [*team, Request.due_at < clock.now()]
        case "paused":
            return [*team, Request.paused_at.is_not(None)]
        case "team":
            return team
        case "all":
            return [true()]


def _narrowed(wanted: Wanted) -> list[ColumnElement[bool]]:
    kind = [Request.kind == wanted.kind] if wanted.kind else []
    person = [Request.assignee_id == wanted.person] if wanted.person else []
    urgent = [Request.urgent.is_(True)] if wanted.urgent else []
    return [*kind, *person, *urgent]


def _rows(wanted: Wanted, me: int) -> Select[Request, Account, User]:
    return (
        select(Request, Account, User)
        .outerjoin(Account, Account.account_no == Request.account_no)
        .outerjoin(User, User.id == Request.assignee_id)
        .where(met(wanted, me))
    )


def _counted(wanted: Wanted, me: int, most: int = MOST_COUNTED) -> ScalarSelect[int]:
    some = select(literal(1)).select_from(Request).where(met(wanted, me)).limit(most + 1)
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


def _clock_of(wanted: Wanted) -> InstrumentedAttribute[datetime | None]:
    """Who waits for a customer is ordered by how long; all others by when something is due."""
    return Request.paused_at if wanted.queue == "paused" else Request.due_at


def _after(session: Session, wanted: Wanted, me: int, mark: Mark | None, limit: int) -> list[Item]:
    """Rows behind a mark. Those without a time are asked for apart: so an index leads to both."""
    column, rows = _clock_of(wanted), _rows(wanted, me)
    timed = rows.order_by(column.asc().nulls_last(), Request.id)
    if mark is None:
        return _items(session, timed.limit(limit))
    found: list[Item] = []
    if mark.at is not None:
        behind = tuple_(column, Request.id) > (mark.at, mark.id)
        found = _items(session, timed.where(behind).limit(limit))
    if len(found) < limit:
        last = mark.id if mark.at is None else 0
        untimed = rows.where(column.is_(None), Request.id > last).order_by(Request.id)
        found += _items(session, untimed.limit(limit - len(found)))
    return found


def _items(session: Session, query: Select[Request, Account, User]) -> list[Item]:
    return [Item(*row) for row in session.execute(query)]


def _mark(wanted: Wanted, item: Item) -> Mark:
    return Mark(getattr(item.request, _clock_of(wanted).key), item.request.id)
