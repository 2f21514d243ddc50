"""One-time codes to pay an order in cash: made with the order, found at a counter or a kiosk.

A code is fifteen random digits and a check digit. Its number is in the database only as a blind
index, by which it is found, and sealed, for the page of whoever asked for it. To guess one of a
thousand living codes takes about 10¹² tries; whoever looks codes up has twenty in a quarter of an
hour, and each wrong one is in the log.
"""

import re
import secrets
import unicodedata
from datetime import datetime, time, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from payments.counter.models import CounterCode
from payments.models import Order, OrderItem
from runtime import clock, crypto
from runtime.errors import NotFound, Refused
from runtime.logs import get_logger
from service.models import Bill
from service.people import limits
from service.people.limits import Limit

DIGITS = 16
EVENING = time(17)
"""Counters are closed from now on: who asks for a code in the evening comes tomorrow."""

WRONG_CODES = Limit("counter.code", 20, timedelta(minutes=15), "counter.locked")

_CONTEXT = "counter.code"
_PARTING = re.compile(r"[\s\-‐-―]")

_log = get_logger(__name__)


def issue(session: Session, order: Order) -> None:
    """Give an order that has just been started its code."""
    number = _new_number()
    index = crypto.blind_index(number, _CONTEXT)
    session.add(CounterCode(order_id=order.id, code=number, code_index=index))
    session.flush()


def code_of(session: Session, user_id: int, order_no: str) -> str:
    """The code of the user's own order. Raises NotFound."""
    number = session.scalar(
        select(CounterCode.code)
        .join(Order, Order.id == CounterCode.order_id)
        .where(Order.order_no == order_no, Order.user_id == user_id)
    )
    if number is None:
        raise NotFound("order.not_found")
    return number


def find(session: Session, typed: str, *, asker: str) -> str:
    """The number of the order that a code belongs to, whatever has become of it.

    `asker` is whose tries are counted: a member of staff or a machine. Raises
    Refused("counter.neither") for what has another length, Refused("counter.code_malformed") for
    what was mistyped, NotFound("counter.code_unknown", left), TooManyTries("counter.locked").
    """
    left = limits.require(session, WRONG_CODES, asker)
    number = plain(typed)
    if len(number) != DIGITS:
        raise Refused("counter.neither")
    if not is_code(number):
        raise Refused("counter.code_malformed")
    order_no = session.scalar(
        select(Order.order_no)
        .join(CounterCode, CounterCode.order_id == Order.id)
        .where(CounterCode.code_index == crypto.blind_index(number, _CONTEXT))
    )
    if order_no is None:
        limits.count(session, WRONG_CODES, asker)
        _log.warning("counter_code_unknown", asker=asker, left=left - 1)
        raise NotFound("counter.code_unknown", left=left - 1)
    return order_no


def plain(typed: str) -> str:
    """What a scanner or a person typed, without what parts the groups."""
    return _PARTING.sub("", unicodedata.normalize("NFKC", typed))


def is_code(number: str) -> bool:
    """Whether this can be a code: its length, and its check digit."""
    digits = re.fullmatch(rf"[0-9]{{{DIGITS}}}", number)
    return digits is not None and check_digit(number[:-1]) == number[-1]


def check_digit(digits: str) -> str:
    """ISO/IEC 7064, MOD 11,10: finds every single wrong digit and nearly all swapped ones."""
    product = 10
    for digit in digits:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


def valid_until(session: Session, items: list[OrderItem], now: datetime) -> datetime:
    """The end of the day for which the amount holds: today, in the evening tomorrow.

    Never past a midnight at which a late charge would grow.
    """
    today = clock.civil_date(now)
    tomorrow = today + timedelta(days=1)
    evening = now.astimezone(clock.BEIJING).time() >= EVENING
    if evening and not _grows(session, items, tomorrow):
        return clock.civil_midnight(tomorrow + timedelta(days=1))
    return clock.civil_midnight(tomorrow)


def _grows(session: Session, items: list[OrderItem], day: object) -> bool:
    """Whether any of the bills is late on that day."""
    bill_nos = [item.bill_no for item in items if item.bill_no is not None]
    late = exists().where(Bill.bill_no.in_(bill_nos), Bill.due < day)
    return bool(session.scalar(select(late)))


def _new_number() -> str:
    """None begins with 0, which gets lost in spreadsheets, or with 9 (see `portal.pay.barcode`)."""
    rest = "".join(secrets.choice("0123456789") for _ in range(DIGITS - 2))
    digits = secrets.choice("12345678") + rest
    return digits + check_digit(digits)
