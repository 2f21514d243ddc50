"""A bill is there: told once to everybody who pays for the account.

A batch of the sync may hold thousands, so all of it is told in one statement for each kind. The
figures are read when the message is sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Text, cast, literal, select
from sqlalchemy.orm import Session

from notifications import notices, saying
from notifications.audience import payers
from notifications.figures import Figures, figures
from notifications.models import Notice
from notifications.settings import LinkSettings
from runtime import clock
from runtime.money import yuan
from runtime.settings import load
from service.bills import month_before
from service.events import BillsIssued
from service.models import Bill

OLD = timedelta(days=2)
"""A bill that was issued longer ago is no news: the first load of a utility brings many."""


def on_issued(session: Session, event: BillsIssued) -> None:
    """Tell those who pay of new, estimated and corrected bills."""
    _tell(session, "bill.issued", event.plain)
    _tell(session, "bill.estimated", event.estimated)
    _tell(session, "bill.corrected", event.corrected)


@figures("bill.issued", "bill.estimated", "bill.corrected")
def of_bills(session: Session, told: Sequence[Notice], language: str) -> list[Figures | None]:
    """What the bills say now; nothing of one that was cancelled in the meantime."""
    numbers = [_bill_no(each) for each in told]
    bills = {
        each.bill_no: each
        for each in session.scalars(select(Bill).where(Bill.bill_no.in_(numbers)))
    }
    earlier = _earlier(session, list(bills.values()))
    return [
        _figures(bills[number], earlier, language)
        if number in bills and bills[number].status == "issued"
        else None
        for number in numbers
    ]


def _tell(session: Session, kind: str, numbers: Sequence[str]) -> None:
    if not numbers:
        return
    key = cast(literal("bill:") + Bill.bill_no, Text).label("key")
    fresh = select(key, Bill.account_no).where(
        Bill.bill_no.in_(numbers), Bill.issued_at > clock.now() - OLD
    )
    notices.tell_all(session, kind, payers(fresh.subquery()))


def _bill_no(notice: Notice) -> str:
    return notices.shared_key(notice).removeprefix("bill:")


@dataclass(frozen=True)
class _Earlier:
    """Wh and sum of bills by service point and period; the newest revision of each."""

    wh: Mapping[tuple[str, str], int]
    corrected_fen: Mapping[tuple[str, str], int]


def _earlier(session: Session, bills: Sequence[Bill]) -> _Earlier:
    """The bills of the month before and of a year ago, and what a correction is of."""
    periods = {month_before(each.period, months) for each in bills for months in (0, 1, 12)}
    rows = session.scalars(
        select(Bill)
        .where(Bill.account_no.in_({each.account_no for each in bills}), Bill.period.in_(periods))
        .order_by(Bill.revision)
    ).all()
    newest = {
        (each.service_point_no, each.period): each for each in rows if each.status == "issued"
    }
    was = {
        (each.service_point_no, each.period): each.total_fen
        for each in rows
        if each.status == "cancelled"
    }
    return _Earlier({key: each.wh for key, each in newest.items()}, was)


def _figures(bill: Bill, earlier: _Earlier, language: str) -> Figures:
    house, here = load(LinkSettings), (bill.service_point_no, bill.period)
    return {
        "month": saying.month(bill.period, language),
        "amount": yuan(bill.total_fen),
        "before": yuan(earlier.corrected_fen.get(here, bill.total_fen)),
        "kwh": str(round(bill.wh / 1000)),
        "day": saying.day(bill.due, language),
        "compared": _compared(bill, earlier, language),
        "tail": saying.tail(bill.account_no),
        "link": saying.link(f"/bills/{bill.bill_no}"),
        "phone": house.hotline,
        "utility": house.utility(language),
    }


def _compared(bill: Bill, earlier: _Earlier, language: str) -> str:
    """More or less than a year ago, else than last month."""
    for months, beside in ((12, "year"), (1, "month")):
        then = earlier.wh.get((bill.service_point_no, month_before(bill.period, months)))
        if then is not None:
            more = round(bill.wh / 1000) - round(then / 1000)
            if not more:
                return saying.name("compared", "same", language)
            key = f"{beside}_{'more' if more > 0 else 'less'}"
            return saying.name("compared", key, language, kwh=str(abs(more)))
    return saying.name("compared", "first", language)
