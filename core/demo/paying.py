"""How the demo utility's customers pay: most in time, some late, one not at all.

Their money came by the utility's own ways: direct debit at a bank, a service hall, an agent's shop.
What is paid through the portal is posted by the customer side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing import late
from core.billing.gathering import months_before
from core.billing.postings import Payment, post
from core.demo.roster import Supply, dice
from core.models import Account, Bill, Posting
from runtime import clock
from runtime.database import Database

BATCH = 200
"""Postings in one transaction."""

POSTED_AFTER = timedelta(seconds=7)
TOP_UP_DAY = 20
TOP_UP_STEP_FEN = 1_000
TOP_UP_FEN_PER_KWH = 60

CHANNELS = ("bank", "bank", "agent", "hall")
"""Half of the customers have their bank pay."""


@dataclass(frozen=True, slots=True)
class _Planned:
    payment: Payment
    key: str


def pay_bills(
    database: Database, supplies: Sequence[Supply], until: datetime, last_period: str
) -> int:
    """Post what customers have paid of their open bills up to `until`; returns how many."""
    by_account = {supply.account_no: supply for supply in supplies}
    with database.unit_of_work() as session:
        planned = []
        for bill, account_no in _open_bills(session):
            supply = by_account.get(account_no)
            paid_at = supply and _paid_at(supply, bill, last_period)
            if paid_at and paid_at <= until:
                planned.append(_payment(bill, account_no, paid_at))
    planned.sort(key=lambda each: each.payment.paid_at)
    _post(database, planned)
    return len(planned)


def top_up(database: Database, supplies: Sequence[Supply], first: date) -> None:
    """Post what prepaid customers pay ahead in the month that begins on `first`."""
    paid_at = clock.civil_midnight(first.replace(day=TOP_UP_DAY)) + timedelta(hours=12)
    if paid_at > clock.now():
        return
    prepaid = [supply for supply in supplies if supply.habit == "prepaid"]
    planned = [
        _Planned(
            Payment(
                supply.account_no, amount, "agent", f"T{first:%Y%m}{supply.account_no}", paid_at
            ),
            f"demo-{first:%Y-%m}-top-up-{supply.account_no}",
        )
        for supply in prepaid
        for amount in (_top_up_fen(supply),)
    ]
    with database.unit_of_work() as session:
        known = _known_keys(session, [each.key for each in planned])
    _post(database, [each for each in planned if each.key not in known])


def _open_bills(session: Session) -> Sequence[tuple[Bill, str]]:
    query = (
        select(Bill, Account.account_no)
        .join(Account, Account.id == Bill.account_id)
        .where(Bill.status == "issued", Bill.settled_fen < Bill.total_fen)
        .where(Account.settlement == "postpaid")
        .order_by(Bill.due, Bill.id)
    )
    return [(bill, account_no) for bill, account_no in session.execute(query)]


def _paid_at(supply: Supply, bill: Bill, last_period: str) -> datetime | None:
    """When the customer pays the bill; None for not yet."""
    if bill.issued_at is None or bill.due is None:
        return None
    unpaid = {"last_unpaid": 1, "three_unpaid": 3}.get(supply.habit, 0)
    if bill.period > months_before(last_period, unpaid):
        return None
    luck = dice(supply.account_no, "pays", bill.period)
    hour = timedelta(hours=float(luck.uniform(7.5, 21.5)))
    if supply.habit == "late" and luck.random() < 0.6:
        return clock.civil_midnight(bill.due + timedelta(days=int(luck.integers(2, 19)))) + hour
    issued = clock.civil_date(bill.issued_at)
    return clock.civil_midnight(issued + timedelta(days=int(luck.integers(1, 11)))) + hour


def _payment(bill: Bill, account_no: str, paid_at: datetime) -> _Planned:
    paid_at = paid_at.replace(microsecond=0)
    owed = bill.total_fen - bill.settled_fen + late.fee_today_fen(bill, clock.civil_date(paid_at))
    return _Planned(
        Payment(account_no, owed, _channel(account_no), f"D{bill.bill_no}", paid_at),
        f"demo-{bill.bill_no}-{bill.settled_fen}",
    )


def _channel(account_no: str) -> str:
    return str(dice(account_no, "channel").choice(CHANNELS))


def _top_up_fen(supply: Supply) -> int:
    """A little more than an average month's bill, in whole tens of yuan."""
    return -(-int(supply.load.kwh * TOP_UP_FEN_PER_KWH) // TOP_UP_STEP_FEN) * TOP_UP_STEP_FEN


def _known_keys(session: Session, keys: Sequence[str]) -> set[str]:
    query = select(Posting.idempotency_key).where(Posting.idempotency_key.in_(keys))
    return set(session.scalars(query))


def _post(database: Database, planned: Sequence[_Planned]) -> None:
    for at in range(0, len(planned), BATCH):
        with database.unit_of_work() as session:
            for each in planned[at : at + BATCH]:
                posted_at = each.payment.paid_at + POSTED_AFTER
                post(session, each.payment, each.key, posted_at=posted_at)
