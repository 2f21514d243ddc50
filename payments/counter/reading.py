"""What the pages of the counter show: receipts, and shifts with what was taken in them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from payments.counter.models import Cash, Payout, Shift
from payments.models import Order, OrderItem
from runtime.errors import NotFound
from service.models import Account, User

LATEST = 20


@dataclass(frozen=True)
class Sum:
    """What is or was to be taken."""

    items: list[OrderItem]
    accounts: list[Account]

    @property
    def amount_fen(self) -> int:
        return sum(item.amount_fen for item in self.items)

    @property
    def rest_fen(self) -> int:
        """What was added to bills to come to whole jiao."""
        of_bills = sum(item.amount_fen for item in self.items if item.bill_no is not None)
        return self.amount_fen - of_bills if of_bills else 0


@dataclass(frozen=True)
class Receipt:
    """Cash that was taken, as the paper says it. `refunded_fen`: what of it goes or went back."""

    receipt_no: str
    order_no: str
    due: Sum
    given_fen: int
    taken_at: datetime
    drawer: str
    taken_by: str | None
    refunded_fen: int

    @property
    def change_fen(self) -> int:
        return self.given_fen - self.due.amount_fen


@dataclass(frozen=True)
class Sheet:
    """A shift as its report says it, in fen."""

    shift: Shift
    opened_by: str | None
    counted_by: str | None
    taken: list[Cash]
    paid_out: list[Payout]

    @property
    def taken_fen(self) -> int:
        return sum(cash.amount_fen for cash in self.taken)

    @property
    def paid_out_fen(self) -> int:
        return sum(payout.amount_fen for payout in self.paid_out)

    @property
    def expected_fen(self) -> int:
        """What is to be in the drawer: the float, what was taken, less what was handed back."""
        return self.shift.float_fen + self.taken_fen - self.paid_out_fen

    @property
    def difference_fen(self) -> int | None:
        """What was counted too much, or too little when it is negative; None before the count."""
        counted = self.shift.counted_fen
        return None if counted is None else counted - self.expected_fen

    @property
    def deposit_fen(self) -> int | None:
        """What goes to the bank: all that was counted but the float."""
        counted = self.shift.counted_fen
        return None if counted is None else counted - self.shift.float_fen


def receipt(session: Session, receipt_no: str) -> Receipt:
    """Raises NotFound("counter.receipt_unknown")."""
    row = session.execute(
        select(Cash, Order, Shift.drawer)
        .join(Order, Order.id == Cash.order_id)
        .join(Shift, Shift.id == Cash.shift_id)
        .where(Cash.receipt_no == receipt_no)
    ).one_or_none()
    if row is None:
        raise NotFound("counter.receipt_unknown")
    cash, order, drawer = row
    return Receipt(
        receipt_no=cash.receipt_no,
        order_no=order.order_no,
        due=sum_of(session, order.items),
        given_fen=cash.given_fen,
        taken_at=cash.taken_at,
        drawer=drawer,
        taken_by=_name(session, cash.taken_by),
        refunded_fen=order.refunded_fen,
    )


def sum_of(session: Session, items: list[OrderItem]) -> Sum:
    """Items with the accounts that they are for."""
    return Sum(items, accounts(session, {item.account_no for item in items}))


def accounts(session: Session, account_nos: Collection[str]) -> list[Account]:
    """Accounts by number, for the utility's own people alone."""
    wanted = select(Account).where(Account.account_no.in_(account_nos))
    return list(session.scalars(wanted.order_by(Account.account_no)))


def latest(session: Session, shift: Shift) -> list[Cash]:
    """The last receipts of a drawer, the newest first."""
    taken = select(Cash).where(Cash.shift_id == shift.id)
    return list(session.scalars(taken.order_by(Cash.id.desc()).limit(LATEST)))


def sheet(session: Session, shift_no: str, *, of: int | None) -> Sheet:
    """A shift: one's own (`of`), a machine's, or with None anybody's.

    Raises NotFound("counter.shift_unknown").
    """
    shift = session.scalars(
        select(Shift).where(Shift.shift_no == shift_no, _visible(of))
    ).one_or_none()
    if shift is None:
        raise NotFound("counter.shift_unknown")
    taken = select(Cash).where(Cash.shift_id == shift.id).order_by(Cash.id)
    paid_out = select(Payout).where(Payout.shift_id == shift.id).order_by(Payout.id)
    return Sheet(
        shift=shift,
        opened_by=_name(session, shift.opened_by),
        counted_by=_name(session, shift.counted_by),
        taken=list(session.scalars(taken)),
        paid_out=list(session.scalars(paid_out)),
    )


def unclosed(session: Session, *, of: int | None) -> list[Shift]:
    """Shifts that are still to be closed: one's own and the machines', or with None all."""
    open_ones = select(Shift).where(Shift.status != "closed", _visible(of))
    return list(session.scalars(open_ones.order_by(Shift.opened_at)))


def closed(session: Session, *, of: int | None) -> list[Shift]:
    """The shifts closed last, the newest first."""
    done = select(Shift).where(Shift.status == "closed", _visible(of))
    return list(session.scalars(done.order_by(Shift.closed_at.desc()).limit(LATEST)))


def _visible(of: int | None) -> ColumnElement[bool]:
    return true() if of is None else or_(Shift.machine, Shift.opened_by == of)


def _name(session: Session, user_id: int | None) -> str | None:
    user = session.get(User, user_id) if user_id is not None else None
    return user.name if user else None
