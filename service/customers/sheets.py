"""A customer's data as rows of a spreadsheet: plain figures under plain names.

Money is yuan, energy kWh, days are civil. Nothing in the file can be taken for a formula.
"""

import csv
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from runtime import clock
from service import meter_data
from service.bills import summary_of
from service.models import Bill

Row = Sequence[str]
Sheet = Callable[[Session, str], Iterable[Row]]


def write(session: Session, account_no: str, what: str, path: Path) -> int:
    """Write the sheet with its heads; returns how many rows there are below them."""
    count = -1
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        for row in SHEETS[what](session, account_no):
            out.writerow(row)
            count += 1
    return count


def _bills(session: Session, account_no: str) -> Iterable[Row]:
    """Every bill, also those that were replaced, the oldest first."""
    yield (
        *("bill_no", "period", "revision", "from", "to", "kwh", "total_yuan", "settled_yuan"),
        *("issued", "due", "settled", "state"),
    )
    unread = (defer(column, raiseload=True) for column in (Bill.case, Bill.lines, Bill.readings))
    query = select(Bill).where(Bill.account_no == account_no).options(*unread)
    today = clock.today()
    for bill in session.scalars(query.order_by(Bill.period, Bill.revision, Bill.bill_no)):
        found = summary_of(bill, today)
        settled = clock.civil_date(bill.settled_at).isoformat() if bill.settled_at else ""
        yield (
            *(bill.bill_no, bill.period, str(bill.revision)),
            *(bill.from_day.isoformat(), bill.to_day.isoformat(), str(found.kwh)),
            *(_yuan(bill.total_fen), _yuan(bill.settled_fen)),
            *(clock.civil_date(bill.issued_at).isoformat(), bill.due.isoformat(), settled),
            found.state,
        )


def _usage(session: Session, account_no: str) -> Iterable[Row]:
    """Every day with data; the quality is V measured, E partly estimated, M partly missing."""
    yield ("day", "kwh", "kwh_fed_in", "quality")
    meters = meter_data.meters_of(session, account_no)
    first = meter_data.data_since(session, meters)
    if first is None:
        return
    totals = meter_data.day_totals(session, meters, first, clock.today())
    for day, total in sorted(totals.items()):
        yield (day.isoformat(), _kwh(total.import_wh or 0), _kwh(total.export_wh), total.quality)


SHEETS: dict[str, Sheet] = {"bills": _bills, "usage": _usage}


def _yuan(fen: int) -> str:
    return str(Decimal(fen).scaleb(-2))


def _kwh(wh: int) -> str:
    return str(Decimal(wh).scaleb(-3))
