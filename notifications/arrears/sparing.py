"""Whom reminders leave in peace: money under way, debits that will come, questions, arrangements.

While all reminders are paused that is everybody. Payments is a room beside this one, so what it
knows comes in as queries: whoever puts the application together names them (`denghuo/wiring.py`),
and they become part of the one statement.
"""

from collections.abc import Callable, Iterator
from datetime import date

from sqlalchemy import ColumnElement, Select, Subquery, exists, select

from notifications.arrears.models import ReminderPause
from service import arrangements
from service.disconnections.rules import rules
from service.models import Account, Bill
from service.requests.models import Request

SparedBills = Callable[[date], Select[str]]
"""Of a civil day: the numbers of bills that nobody is to be reminded of."""

_spared: list[SparedBills] = []


def spare(bills: SparedBills) -> None:
    """Leave these bills out, in runs and when a reminder is sent; a second call is one."""
    if bills not in _spared:
        _spared.append(bills)


def leave(bills: SparedBills) -> None:
    """Leave them out no more."""
    if bills in _spared:
        _spared.remove(bills)


def unspared(day: date) -> list[ColumnElement[bool]]:
    """What a bill and its account (`Bill`, `Account` of the statement) must be on a day."""
    paused, asked = arrangements.paused(day), _disputed()
    return [
        Account.closed.is_(None),
        Account.settlement == "postpaid",
        ~exists().where(paused.c.account_no == Bill.account_no),
        ~exists().where(asked.c.account_no == Bill.account_no),
        ~exists().where(ReminderPause.ended_at.is_(None)),
        *_bills(day),
    ]


def _bills(day: date) -> Iterator[ColumnElement[bool]]:
    for each in _spared:
        bills = each(day).subquery()
        (bill_no,) = bills.c
        yield ~exists().where(bill_no == Bill.bill_no)


def _disputed() -> Subquery:
    """Accounts with an open question about a bill: they were told that nobody reminds them."""
    return (
        select(Request.account_no)
        .where(
            Request.kind.in_(rules().disputes.kinds),
            Request.closed_at.is_(None),
            Request.account_no.is_not(None),
        )
        .subquery()
    )
