"""Starting an order: what is paid is decided here, from the bills and never from the form."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments import holds
from payments.confirmations.rules import Guard
from payments.counter import codes, coins
from payments.gateways.base import Product
from payments.holds import Hold
from payments.models import Order, OrderEvent, OrderItem
from payments.states import lock_accounts
from runtime import clock
from runtime.errors import Conflict, NotFound, Refused
from service.access import Right, visible_account, visible_accounts
from service.dues import Due, dues
from service.models import Bill, User

LEAST_FEN = 100
"""The smallest amount of one's own choice: one yuan."""

MOST_FEN = 50_000_00
"""The largest amount of one's own choice: fifty thousand yuan, a usual limit of one payment."""

WORTH_REUSING = timedelta(minutes=2)
_Bill = TypeVar("_Bill")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is mistaken for another


@dataclass(frozen=True)
class Selection:
    """What a customer wants to pay.

    Bills by number, or all that is due (`all_due`), or `amount_fen` for one account. With
    `expected_fen` the customer has seen an amount and agrees to no other.
    """

    bill_nos: tuple[str, ...] = ()
    all_due: bool = False
    account_no: str | None = None
    amount_fen: int | None = None
    expected_fen: int | None = None


@dataclass(frozen=True)
class Payable:
    """An outstanding bill, and what keeps it from being chosen now."""

    due: Due
    hold: Hold | None


def payable(
    session: Session, user_id: int, account_nos: Collection[str] | None = None
) -> list[Payable]:
    """The outstanding bills that the user may pay, the oldest due first."""
    waiting = dues(session, user_id, account_nos, needs=Right.PAY)
    held = holds.held_bills(session, {due.account_no for due in waiting})
    return [Payable(due, held.get(due.bill_no)) for due in waiting]


def start_order(
    session: Session,
    user_id: int,
    selection: Selection,
    gateway: str,
    product: Product,
    idempotency_key: str,
    *,
    minutes: int = 15,
    guard: Guard | None = None,
) -> Order:
    """An order in state `created`, or the one that this key or these bills already have.

    A `guard` wants to see that a large one was confirmed.

    Raises Conflict: `order.open` (an order of the user's own holds a bill; `order_no`),
    `bill.being_paid` (somebody else's; `name`, `until`), `bill.being_credited`, `bill.settled`,
    `order.nothing_due`, `order.amount_changed` (`amount_fen`); Refused: `amount.too_small`
    (`least_fen`), `amount.too_large` (`most_fen`); NotFound and Forbidden for accounts;
    Forbidden("order.unconfirmed").
    """
    lock_accounts(session, {f"of user {user_id}"})  # two clicks on one button come one by one
    if known := order_by_key(session, user_id, idempotency_key):
        return known
    items = _items(session, user_id, selection)
    if isinstance(items, Hold):
        return _same_again(session, user_id, selection, items, gateway, product)
    amount_fen = sum(item.amount_fen for item in items)
    if selection.expected_fen not in (None, amount_fen):
        raise Conflict("order.amount_changed", amount_fen=amount_fen)
    now = clock.now()
    if product is Product.CODE:
        items, ends = coins.rounded(items), codes.valid_until(session, items, now)
    else:
        ends = _expiry(now, minutes, items)
    order = new_order(user_id, items, gateway, product, idempotency_key, created=now, ends=ends)
    add_order(session, order, "customer")
    if product is Product.CODE:
        codes.issue(session, order)
    if guard is not None:
        guard.require(session, order)
    return order


def new_order(
    user_id: int,
    items: list[OrderItem],
    gateway: str,
    product: Product,
    idempotency_key: str,
    *,
    created: datetime,
    ends: datetime,
) -> Order:
    """An order for these items, in no session yet."""
    of_bills = any(item.bill_no is not None for item in items)
    return Order(
        order_no=_new_order_no(created),
        user_id=user_id,
        status="created",
        gateway=gateway,
        product=product.value,
        purpose="bills" if of_bills else "top_up",
        amount_fen=sum(item.amount_fen for item in items),
        idempotency_key=idempotency_key,
        created_at=created,
        expires_at=ends,
        next_query_at=created,
        items=items,
    )


def add_order(session: Session, order: Order, cause: str) -> None:
    """Write a new order and its first event."""
    session.add(order)
    session.flush()
    session.add(OrderEvent(order_id=order.id, from_status=None, to_status="created", cause=cause))


def _items(session: Session, user_id: int, selection: Selection) -> list[OrderItem] | Hold:
    """What is to be paid; or the user's own order that holds some of it."""
    if selection.amount_fen is not None:
        return [_own_amount(session, user_id, selection)]
    account_nos = _accounts(session, user_id, selection)
    # Who holds a bill is asked before what is due: a payment that arrives in between shows up
    # in one of the two.
    lock_accounts(session, account_nos)
    held = holds.held_bills(session, account_nos)
    waiting = dues(session, user_id, account_nos, needs=Right.PAY)
    wanted = _wanted(waiting, selection, held)
    own = next((held[d.bill_no] for d in wanted if d.bill_no in held), None)
    if own and (own.paid or own.user_id != user_id):
        raise _refusal(session, own)
    return own or [item_of(due) for due in wanted]


def _wanted(waiting: list[Due], selection: Selection, held: dict[str, Hold]) -> list[Due]:
    if selection.all_due:
        if not waiting:
            raise Conflict("order.nothing_due")
        return [due for due in waiting if due.bill_no not in held] or waiting
    return pick({due.bill_no: due for due in waiting}, selection.bill_nos)


def pick(by_no: Mapping[str, _Bill], bill_nos: Collection[str]) -> list[_Bill]:
    """The chosen ones of the bills that are due, in the order of the choice.

    Raises Conflict: "order.nothing_chosen", "bill.settled".
    """
    if not bill_nos:
        raise Conflict("order.nothing_chosen")
    if any(bill_no not in by_no for bill_no in bill_nos):
        raise Conflict("bill.settled")
    return [by_no[bill_no] for bill_no in dict.fromkeys(bill_nos)]


def _accounts(session: Session, user_id: int, selection: Selection) -> set[str]:
    """The accounts whose bills are meant; those the user may not pay for are not there."""
    mine = {each.account_no for each in visible_accounts(session, user_id, needs=Right.PAY)}
    if selection.all_due:
        return mine if selection.account_no is None else mine & {selection.account_no}
    chosen = session.scalars(select(Bill.account_no).where(Bill.bill_no.in_(selection.bill_nos)))
    accounts = set(chosen)
    if not accounts <= mine:
        raise NotFound("account.not_found")
    return accounts


def _own_amount(session: Session, user_id: int, selection: Selection) -> OrderItem:
    fen = selection.amount_fen or 0
    require_amount(fen)
    account = visible_account(session, user_id, selection.account_no or "", needs=Right.PAY)
    return OrderItem(account_no=account.account_no, principal_fen=fen, late_fen=0, amount_fen=fen)


def require_amount(fen: int) -> None:
    """An amount of one's own choice has its limits.

    Raises Refused: "amount.too_small" (`least_fen`), "amount.too_large" (`most_fen`).
    """
    if fen < LEAST_FEN:
        raise Refused("amount.too_small", least_fen=LEAST_FEN)
    if fen > MOST_FEN:
        raise Refused("amount.too_large", most_fen=MOST_FEN)


def item_of(due: Due) -> OrderItem:
    """A bill with its late charge, as an order pays it."""
    return OrderItem(
        account_no=due.account_no,
        bill_no=due.bill_no,
        period=due.period,
        principal_fen=due.principal_fen,
        late_fen=due.late_fee_fen,
        amount_fen=due.amount_fen,
    )


def _refusal(session: Session, hold: Hold) -> Conflict:
    if hold.paid:
        return Conflict("bill.being_credited", order_no=hold.order_no)
    person = session.get(User, hold.user_id)
    return Conflict(
        "bill.being_paid", name=person.name if person else None, until=hold.until, since=hold.since
    )


def _same_again(
    session: Session,
    user_id: int,
    selection: Selection,
    hold: Hold,
    gateway: str,
    product: Product,
) -> Order:
    """The user's own open order, when it pays the same in the same way. Raises Conflict."""
    order = session.scalars(select(Order).where(Order.order_no == hold.order_no)).one()
    waiting = dues(session, user_id, {item.account_no for item in order.items}, needs=Right.PAY)
    chosen = {
        due.bill_no: due.amount_fen
        for due in waiting
        if selection.all_due or due.bill_no in selection.bill_nos
    }
    same = (
        order.gateway == gateway
        and order.product == product.value
        and order.expires_at - clock.now() > WORTH_REUSING
        and {item.bill_no: item.amount_fen for item in order.items if item.bill_no} == chosen
        and (selection.all_due or set(selection.bill_nos) == set(chosen))
    )
    if not same:
        raise Conflict("order.open", order_no=order.order_no)
    return order


def order_by_key(session: Session, user_id: int, key: str) -> Order | None:
    """The order that this form has led to."""
    return session.scalars(
        select(Order).where(Order.user_id == user_id, Order.idempotency_key == key)
    ).one_or_none()


def _expiry(now: datetime, minutes: int, items: list[OrderItem]) -> datetime:
    """An order with a late charge ends with the day, because the charge grows overnight."""
    usual = now + timedelta(minutes=minutes)
    midnight = clock.civil_midnight(clock.civil_date(now) + timedelta(days=1))
    if any(item.late_fen for item in items) and midnight - now > WORTH_REUSING:
        return min(usual, midnight)
    return usual


def _new_order_no(now: datetime) -> str:
    """Beijing's clock and 69 random bits: 28 letters and digits, as all gateways take them.

    UnionPay knows an order by its number and the second it was made; the number says both.
    """
    random = "".join(secrets.choice(_LETTERS) for _ in range(14))
    return now.astimezone(clock.BEIJING).strftime("%Y%m%d%H%M%S") + random
