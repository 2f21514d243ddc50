"""Arrangements as their customers and the desk see them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from runtime import clock
from runtime.errors import NotFound
from service.access import Right, visible_account
from service.arrangements.models import LIVING, ArrangedPart, Arrangement
from service.arrangements.plan import Part, late_fen
from service.arrangements.standing import Standing, standing
from service.dues import due_of
from service.models import Bill


@dataclass(frozen=True)
class PartView:
    """A part as a page shows it; `state`: paid, late, next or later."""

    number: int
    day: date
    amount_fen: int
    state: str


@dataclass(frozen=True)
class Progress:
    """How far an arrangement has come, in fen.

    `to_pay_fen` is what to pay for the next part, late charges included where it is the last one;
    `bill_nos` are the bills that are not settled, to be paid whole. `now_fen` is all of them
    today, of it `late_fen` late charges.
    """

    arrangement: Arrangement
    parts: tuple[PartView, ...]
    next: PartView | None
    paid_fen: int
    to_pay_fen: int
    now_fen: int
    late_fen: int
    bill_nos: tuple[str, ...]

    @property
    def is_last(self) -> bool:
        """Whether what is to be paid next is all that is left."""
        return self.to_pay_fen >= self.now_fen


@dataclass(frozen=True)
class Agreed:
    """A living arrangement in a line; `day` is that of its next part."""

    kind: str
    state: str
    day: date

    @property
    def is_late(self) -> bool:
        return self.day < clock.today()


def agreed(session: Session, account_nos: Collection[str]) -> dict[str, Agreed]:
    """The living arrangements of accounts, for pages that have asked who may see them."""
    rows = session.execute(
        select(
            Arrangement.account_no, Arrangement.kind, Arrangement.state, func.min(ArrangedPart.day)
        )
        .join(ArrangedPart, ArrangedPart.arrangement_id == Arrangement.id)
        .where(Arrangement.account_no.in_(account_nos), Arrangement.state.in_(LIVING))
        .where(ArrangedPart.paid_at.is_(None))
        .group_by(Arrangement.id)
    )
    return {number: Agreed(kind, state, day) for number, kind, state, day in rows}


def of_account(session: Session, user_id: int, account_no: str) -> Progress | None:
    """The account's living arrangement; None when there is none. Raises NotFound, Forbidden."""
    visible_account(session, user_id, account_no, needs=Right.PAY)
    found = living(session, account_no)
    return progress(session, found) if found else None


def latest(session: Session, user_id: int, account_no: str) -> Progress:
    """The account's newest arrangement, over or not. Raises Forbidden, NotFound."""
    visible_account(session, user_id, account_no, needs=Right.PAY)
    found = all_of(session, account_no)
    if not found:
        raise NotFound("arrangement.none")
    return progress(session, found[0])


def living(session: Session, account_no: str) -> Arrangement | None:
    """What is not over, of any account: for pages that have asked who may see it."""
    return session.scalar(
        select(Arrangement).where(
            Arrangement.account_no == account_no, Arrangement.state.in_(LIVING)
        )
    )


def all_of(session: Session, account_no: str) -> list[Arrangement]:
    """All arrangements of an account, the newest first: for the desk."""
    query = select(Arrangement).where(Arrangement.account_no == account_no)
    return list(session.scalars(query.order_by(Arrangement.id.desc())))


def progress(session: Session, arrangement: Arrangement) -> Progress:
    """How far it has come, by the copy of the core."""
    found, today = standing(session, arrangement), clock.today()
    waiting = [due_of(bill, today) for bill in found.bills if bill.bill_no in found.open_nos]
    now_fen = sum(due.amount_fen for due in waiting)
    views = tuple(_view(found, part, today) for part in found.parts)
    part = found.next_part
    return Progress(
        arrangement=arrangement,
        parts=views,
        next=views[part.number - 1] if part else None,
        paid_fen=found.paid_fen,
        to_pay_fen=_to_pay(found, part, now_fen),
        now_fen=now_fen,
        late_fen=sum(due.late_fee_fen for due in waiting),
        bill_nos=tuple(due.bill_no for due in waiting),
    )


def late_by_plan(session: Session, bill_nos: Collection[str], parts: Collection[Part]) -> int:
    """The late charges in fen when these bills are paid by a plan, each part on its day."""
    bills = session.scalars(select(Bill).where(Bill.bill_no.in_(bill_nos)))
    return late_fen(bills, tuple(parts))


def _view(found: Standing, part: ArrangedPart, today: date) -> PartView:
    if found.is_paid(part):
        state = "paid"
    elif part.day < today:
        state = "late"
    else:
        state = "next" if part is found.next_part else "later"
    return PartView(part.number, part.day, part.amount_fen, state)


def _to_pay(found: Standing, part: ArrangedPart | None, now_fen: int) -> int:
    """The last part is all that is left, with what late charges have grown to by now."""
    if part is None or part is found.parts[-1]:
        return now_fen
    return min(found.left_fen(part), now_fen)
