"""Taking cash: for a code, or for an account without one. Once, however often it is said.

The drawer is locked first, then the account, then the order: cash goes into a drawer one by one,
and who pays a bill at the same moment by other means is decided before or after, never beside.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments import holds, receipts
from payments.counter import coins
from payments.counter.gateway import COUNTER
from payments.counter.models import Cash, Shift
from payments.gateways.base import Product, Trade, TradeState
from payments.models import Order, OrderItem
from payments.orders import add_order, item_of, new_order, pick, require_amount
from payments.receipts import Verdict
from payments.states import OPEN, lock_accounts, lock_with_accounts
from runtime import clock
from runtime.errors import Conflict, NotFound, Refused
from service import dues

MOST_CHANGE_FEN = 1_000_00
"""More change than a thousand yuan is a slip: the code was scanned into the wrong field."""


@dataclass(frozen=True)
class Handed:
    """Cash laid on the counter. `by` is None for a machine, `key` the form's or the machine's.

    `change_fen` is what a machine has given back already.
    """

    shift: Shift
    given_fen: int
    key: str
    by: int | None
    change_fen: int | None = None


@dataclass(frozen=True)
class Wanted:
    """What is paid without a code: bills of one account, or an amount for its balance.

    `expected_fen` is the sum that was named to the customer, in whole jiao.
    """

    account_no: str
    bill_nos: tuple[str, ...] = ()
    top_up_fen: int | None = None
    expected_fen: int | None = None


def payable(session: Session, order_no: str) -> Order:
    """The order of a code, if cash can be taken for it now.

    Raises NotFound("counter.order_unknown"), Conflict: "counter.code_paid" (`at`),
    "counter.code_expired" (`until`), "counter.code_closed", "counter.code_outdated" when a bill of
    it has been paid or changed since.
    """
    order = session.scalars(
        select(Order).where(Order.order_no == order_no, Order.product == Product.CODE)
    ).one_or_none()
    if order is None:
        raise NotFound("counter.order_unknown")
    _require_payable(session, order)
    return order


def take_for_code(session: Session, order_no: str, handed: Handed) -> Cash:
    """Take the amount of a code; the receipt.

    Raises what `payable` and `change_fen` raise, Conflict("counter.key_reused") and
    Conflict("counter.other_amount", amount_fen) for a machine that has kept another sum. Whoever
    is refused has written nothing.
    """
    order = _locked(session, order_no)
    if known := _receipt_of_key(session, handed.key):
        return _same(known, order.id == known.order_id)
    _require_payable(session, order)
    _require_fit(order, handed)
    return _keep(session, order, handed)


def take_for_account(session: Session, wanted: Wanted, handed: Handed) -> Cash:
    """Take cash without a code; the order is made here, and is the drawer's owner's in name only.

    Raises NotFound("counter.no_account"), Conflict: "bill.being_paid", "bill.being_credited",
    "bill.settled", "order.nothing_chosen", "order.amount_changed"; Refused: "amount.too_small",
    "amount.too_large"; and what `change_fen` raises. `handed.by` is a person. Whoever is refused
    has written nothing.
    """
    assert handed.by is not None  # noqa: S101 - a machine takes codes alone
    lock_accounts(session, {wanted.account_no})
    if known := _receipt_of_key(session, handed.key):
        order = session.get_one(Order, known.order_id)
        return _same(known, {item.account_no for item in order.items} == {wanted.account_no})
    items = items_for(session, wanted)
    now = clock.now()
    order = new_order(
        handed.by, items, COUNTER.name, Product.CASH, handed.key[-64:], created=now, ends=now
    )
    if wanted.expected_fen not in (None, order.amount_fen):
        raise Conflict("order.amount_changed", amount_fen=order.amount_fen)
    _require_fit(order, handed)
    add_order(session, order, "counter")
    return _keep(session, order, handed)


def change_fen(amount_fen: int, given_fen: int) -> int:
    """What goes back of what was given.

    Raises Refused: "counter.too_little" (`missing_fen`), "counter.too_much" (`change_fen`),
    "counter.no_such_coins".
    """
    change = given_fen - amount_fen
    if change < 0:
        raise Refused("counter.too_little", missing_fen=-change)
    if change > MOST_CHANGE_FEN:
        raise Refused("counter.too_much", change_fen=change)
    if not coins.in_coins(given_fen):
        raise Refused("counter.no_such_coins")
    return change


def items_for(session: Session, wanted: Wanted) -> list[OrderItem]:
    """What an order for this would hold, its sum in whole jiao. Raises as `take_for_account`."""
    if wanted.top_up_fen is not None:
        return [_top_up(session, wanted.account_no, wanted.top_up_fen)]
    held = holds.held_bills(session, {wanted.account_no})
    waiting = {due.bill_no: due for due in dues.dues_of(session, wanted.account_no)}
    picked = pick(waiting, wanted.bill_nos)
    _require_free(held, wanted.bill_nos)
    return coins.rounded([item_of(due) for due in picked])


def _top_up(session: Session, account_no: str, fen: int) -> OrderItem:
    account = dues.account_at_the_desk(session, account_no)
    require_amount(fen)
    if not coins.in_coins(fen):
        raise Refused("counter.no_such_coins")
    return OrderItem(account_no=account.account_no, principal_fen=fen, late_fen=0, amount_fen=fen)


def _require_free(held: dict[str, holds.Hold], bill_nos: Collection[str]) -> None:
    for hold in (held[bill_no] for bill_no in bill_nos if bill_no in held):
        if hold.paid:
            raise Conflict("bill.being_credited", order_no=hold.order_no)
        raise Conflict("bill.being_paid", until=hold.until, order_no=hold.order_no)


def _locked(session: Session, order_no: str) -> Order:
    order = lock_with_accounts(session, order_no)
    if order is None or order.product != Product.CODE:
        raise NotFound("counter.order_unknown")
    return order


def _require_payable(session: Session, order: Order) -> None:
    if order.paid_at is not None:
        raise Conflict("counter.code_paid", at=order.paid_at)
    if clock.now() >= order.expires_at:
        raise Conflict("counter.code_expired", until=order.expires_at)
    if order.status not in OPEN:
        raise Conflict("counter.code_closed")
    if not holds.still_due(session, order):
        raise Conflict("counter.code_outdated")


def _require_fit(order: Order, handed: Handed) -> None:
    change = change_fen(order.amount_fen, handed.given_fen)
    if handed.change_fen not in (None, change):
        raise Conflict("counter.other_amount", amount_fen=order.amount_fen)


def _receipt_of_key(session: Session, key: str) -> Cash | None:
    return session.scalars(select(Cash).where(Cash.idempotency_key == key)).one_or_none()


def _same(known: Cash, about_the_same: bool) -> Cash:
    if not about_the_same:
        raise Conflict("counter.key_reused")
    return known


def _keep(session: Session, order: Order, handed: Handed) -> Cash:
    """Write the receipt and the payment."""
    number = session.scalars(select(func.nextval(_SEQUENCE))).one()
    cash = Cash(
        id=number,
        receipt_no=f"C{clock.today():%Y%m%d}{number:08d}",
        shift_id=handed.shift.id,
        order_id=order.id,
        amount_fen=order.amount_fen,
        given_fen=handed.given_fen,
        taken_by=handed.by,
        idempotency_key=handed.key,
        taken_at=clock.now(),
    )
    session.add(cash)
    session.flush()
    _record(session, order, cash)
    return cash


def _record(session: Session, order: Order, cash: Cash) -> None:
    trade = Trade(
        order.order_no,
        TradeState.PAID,
        trade_no=cash.receipt_no,
        amount_fen=cash.amount_fen,
        paid_at=cash.taken_at,
    )
    verdict = receipts.record(session, COUNTER, trade, "counter")
    if verdict is not Verdict.ACCEPTED:
        raise RuntimeError(f"cash for order {order.id} was not recorded: {verdict}")


_SEQUENCE = func.pg_get_serial_sequence("counter_cash", "id")
