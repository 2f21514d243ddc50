"""Who is reminded of what on a day: one statement from bills to accounts, a piece at a time.

What was chosen stands in a temporary table until the transaction ends, so that each kind of notice
is written from it without looking at the bills again.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    CreateTableAs,
    Date,
    MetaData,
    Select,
    SmallInteger,
    String,
    Subquery,
    Table,
    and_,
    any_,
    case,
    column,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    text,
    union_all,
    values,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from notifications import notices
from notifications.arrears import sparing
from notifications.arrears.ladder import FORMAL, UNKNOWN_BAND, Ladder, Step
from notifications.models import Notice
from runtime import clock
from service.dues import is_open
from service.insight.models import LateScore
from service.models import Account, Bill

_PLACE = "class_name", "band"
"""What tells on which ladder an account is."""
CHOSEN = Table(
    "reminder_chosen",
    MetaData(),
    Column("account_no", String(12)),
    Column("class_name", String(20)),
    Column("kind", String(40)),
    Column("hour", SmallInteger),
    Column("due", Date),
    Column("is_late", Boolean),
    Column("helpers", Boolean),
    Column("call", Boolean),
)
"""An account and the rung that it is reminded by; `due` is of the oldest bill on that rung."""


def choose(
    session: Session, known: Ladder, steps: Sequence[Step], day: date, after: str, until: str | None
) -> None:
    """Make `CHOSEN` of the accounts behind `after`, up to `until` or to the last.

    A table that is made of a query lets the server read in parallel; one that is filled does not.
    It has an index and no statistics, so whom to tell is looked up account by account: with them
    the server reads every link there is.
    """
    which = _between(after, until)
    chosen = chosen_of(known, steps, day, which, still=_untold(session, known, steps, which))
    session.execute(CreateTableAs(chosen, CHOSEN.name, temporary=True))
    session.execute(text("CREATE INDEX ON reminder_chosen (account_no)"))


def forget(session: Session) -> None:
    """Drop `CHOSEN`: the next piece of the same connection makes its own."""
    session.execute(text("DROP TABLE reminder_chosen"))


def chosen_of(
    known: Ladder,
    steps: Sequence[Step],
    day: date,
    *which: ColumnElement[bool],
    still: Sequence[str] = (),
) -> Select[*tuple[Any, ...]]:
    """The rows of `CHOSEN`: of each account the firmest rung of what is late, and of what is not.

    An account is on a rung with all bills that are; it counts when they come to enough together.
    `still` are the bills on a rung that is owed.
    """
    on = _on_rungs(known, steps, day, which, still)
    enough = select(on).where(on.c.owed_fen >= on.c.least_fen).subquery()
    return (
        select(*(enough.c[each.name] for each in CHOSEN.columns))
        .ext(distinct_on(enough.c.account_no, enough.c.is_late))
        .order_by(enough.c.account_no, enough.c.is_late, enough.c.rank.desc(), enough.c.due)
    )


def last_of_piece(session: Session, steps: Sequence[Step], after: str, size: int) -> str | None:
    """The account with which a piece of so many due bills ends; None: it is the last."""
    return session.scalar(
        select(Bill.account_no)
        .where(is_open(), Bill.due.in_({step.due for step in steps}), Bill.account_no > after)
        .order_by(Bill.account_no)
        .offset(size - 1)
        .limit(1)
    )


def counted(chosen: Subquery | Table) -> Select[str, str, int]:
    """How many accounts by class and kind."""
    return select(chosen.c.class_name, chosen.c.kind, func.count()).group_by(
        chosen.c.class_name, chosen.c.kind
    )


def class_of(known: Ladder) -> ColumnElement[str]:
    """The class of a bill and its account, as `Ladder.name_of` says."""
    fits = [
        (Account.kind.in_(each.kinds) | Bill.tariff.in_(each.tariffs), name)
        for name, each in known.classes.items()
    ]
    return case(*fits, else_=known.rest)


def _on_rungs(
    known: Ladder,
    steps: Sequence[Step],
    day: date,
    which: Sequence[ColumnElement[bool]],
    still: Sequence[str],
) -> Subquery:
    """Bills and the rungs that they are on, with what their account owes on the same rung."""
    met = [
        _met(_owing(known, day, name, bills, *which), part)
        for name, part, bills in _parts(steps, still)
    ]
    on = union_all(*met).subquery()
    owed = func.sum(on.c.open_fen).over(partition_by=(on.c.account_no, on.c.kind))
    return select(on, owed.label("owed_fen")).subquery()


def _met(owing: CTE, steps: Sequence[Step]) -> Select[*tuple[Any, ...]]:
    """The bills with the rung that each is on.

    A due day that is equal is looked up with the place; a span is tried for every rung of it.
    """
    own = "class_name", "kind", "hour", "is_late", "helpers", "call", "rank", "least_fen"
    rungs = _rungs(steps)
    place = (owing.c[name] == rungs.c[name] for name in _PLACE)
    is_due = owing.c.due == rungs.c.due
    if any(step.first < step.due for step in steps):
        is_due = owing.c.due.between(rungs.c.first, rungs.c.due)
    bill = owing.c.account_no, owing.c.due, owing.c.open_fen
    query = select(*bill, *(rungs.c[name] for name in own))
    return query.join_from(owing, rungs, and_(*place, is_due))


def _parts(
    steps: Sequence[Step], still: Sequence[str]
) -> list[tuple[str, Sequence[Step], ColumnElement[bool]]]:
    """Steps of one due day, and those that are owed: a name, the steps, and their bills.

    The server knows how many numbers an array has: for a few it does not read all accounts again.
    """
    days = [step for step in steps if step.first == step.due]
    owed = [step for step in steps if step.first < step.due]
    numbers = literal(list(still), ARRAY(Bill.bill_no.type))
    parts: list[tuple[str, Sequence[Step], ColumnElement[bool]]] = []
    if days:
        parts.append(("owing", days, Bill.due.in_({step.due for step in days})))
    if still or not days:
        parts.append(("owing_still", owed, Bill.bill_no == any_(numbers)))
    return parts


def _untold(
    session: Session, known: Ladder, steps: Sequence[Step], which: ColumnElement[bool]
) -> Sequence[str]:
    """Bills on a rung that is owed whose account was not told of it; few, once all were told."""
    spans = {(step.first, step.due) for step in steps if step.first < step.due}
    due = or_(false(), *(Bill.due.between(*span) for span in spans))
    query = select(Bill.bill_no).where(is_open(), due, which, ~_is_told(known))
    return session.scalars(query).all() if spans else ()


def _is_told(known: Ladder) -> ColumnElement[bool]:
    """Whether the account has a formal notice from a day on which it was owed of this bill too.

    In the words of the index of these notices. One that did not come to be sent tells of nothing.
    """
    made = func.timezone(literal(clock.BEIJING.key, literal_execute=True), Notice.not_before)
    return exists().where(
        Notice.account_no == Bill.account_no,
        Notice.kind == literal(FORMAL, literal_execute=True),
        ~notices.is_untold(),
        made.cast(Date) > Bill.due + known.formal_after_days,
    )


def _owing(known: Ladder, day: date, name: str, *which: ColumnElement[bool]) -> CTE:
    """Of these bills those that somebody is to be reminded of, with their class and band.

    It stands by itself, or the server looks each account up again for every rung of its due day.
    """
    band = func.coalesce(LateScore.band, literal(UNKNOWN_BAND))
    return (
        select(
            Bill.account_no,
            Bill.due,
            (Bill.total_fen - Bill.settled_fen).label("open_fen"),
            class_of(known).label("class_name"),
            band.label("band"),
        )
        .join(Account, Account.account_no == Bill.account_no)
        .outerjoin(LateScore, LateScore.account_no == Bill.account_no)
        .where(is_open(), *which, *sparing.unspared(day))
        .cte(name)
        .prefix_with("MATERIALIZED")
    )


def _rungs(steps: Sequence[Step]) -> Subquery:
    """The steps as rows, one for each of their bands."""
    columns: dict[str, TypeEngine[Any]] = {
        "class_name": String(20),
        "band": String(8),
        "first": Date(),
        "due": Date(),
        "kind": String(40),
        "hour": SmallInteger(),
        "rank": SmallInteger(),
        "is_late": Boolean(),
        "least_fen": BigInteger(),
        "helpers": Boolean(),
        "call": Boolean(),
    }
    rows = [
        (
            step.class_name,
            band,
            step.first,
            step.due,
            step.rung.kind,
            step.rung.hour,
            step.rung.rank,
            step.rung.is_late,
            step.rung.least_fen,
            "helpers" in step.rung.who,
            "call" in step.rung.who,
        )
        for step in steps
        for band in step.rung.bands
    ]
    rung = values(*(column(name, kind) for name, kind in columns.items()), name="rung").data(rows)
    return select(
        *(rung.c[name].cast(kind).label(name) for name, kind in columns.items())
    ).subquery()


def _between(after: str, until: str | None) -> ColumnElement[bool]:
    behind = Bill.account_no > after
    return behind if until is None else and_(behind, Bill.account_no <= until)
