"""Everything that a bill's page says, read once."""

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from payments import holds
from payments.beside import Beside, beside
from payments.history import Payment, payments_of
from payments.holds import Hold
from portal.bills import change, lines, readings, tier
from portal.bills.change import Change
from portal.bills.lines import LineWords
from portal.bills.promise import Promise, Settlement, promise, settlement
from portal.bills.readings import Grid
from portal.bills.tier import TierGauge
from portal.i18n import gettext as _
from portal.owing import bill_state
from portal.usage.days import DailyBars, MonthDays, daily_bars
from rating import CaseError, TierPosition, parse_case, rate
from runtime import clock
from service.access import RIGHTS, Right
from service.bill_sheet import AGAINST, BillRow, BillSheet, SheetRows, read_rows, sheet_of
from service.bills import BillSummary, BillView
from service.dues import Due
from service.people.links import LinkedAccount

USUAL = next(iter(AGAINST))
"""What a bill is held against when the address does not say."""

NOTHING = Beside(taken_back=False, debit_on=None)
"""What stands beside a bill that has been paid."""


@dataclass(frozen=True)
class BillPage:
    """A bill as its page shows it. `started` is the asker's own order that waits for payment,
    `debit_on` the day on which it is debited under an agreement."""

    bill: BillView
    account: LinkedAccount
    state: str
    promise: Promise
    due: Due | None
    debit_on: date | None
    payable: bool
    started: Hold | None
    issued_on: date
    settled: Settlement | None
    lines: list[LineWords]
    readings: Grid | None
    change: Change | None
    against: str | None
    others: tuple[tuple[str, str], ...]
    days: DailyBars | None
    tier: TierGauge | None
    payments: tuple[Payment, ...]
    sheet: BillSheet


@dataclass(frozen=True)
class KnownBill:
    """What is known of a bill and its money at this moment, and who asks."""

    asker_id: int
    rows: SheetRows
    hold: Hold | None
    payments: tuple[Payment, ...]
    debit_on: date | None = None

    @property
    def paid(self) -> bool:
        """Whether a payment of it is on its way."""
        return self.hold is not None and self.hold.paid


def read_bill(session: Session, user_id: int, bill_no: str) -> KnownBill:
    """All that is read for the page of a bill. Raises NotFound when it is not the user's to see."""
    rows = read_rows(session, user_id, bill_no)
    bill = rows.bill
    hold = _hold(session, bill) if bill.open else None
    settled = bill.settled_fen and not bill.open
    near = NOTHING if settled else beside(session, bill.account_no, bill.bill_no)
    has_been_paid = bill.settled_fen or (hold is not None and hold.paid) or near.taken_back
    payments = _payments(session, user_id, bill) if has_been_paid else ()
    debit_on = near.debit_on if bill.open and hold is None else None
    return KnownBill(user_id, rows, hold, payments, debit_on)


def bill_page(known: KnownBill, against: str, today: date) -> BillPage:
    """The page, made of what was read and of nothing else."""
    sheet = sheet_of(known.rows, against, today)
    summary, hold = sheet.bill.summary, known.hold
    free = sheet.due is not None and not known.paid
    state, settled = bill_state(summary, hold), _settled(summary, known)
    return BillPage(
        bill=sheet.bill,
        account=sheet.account,
        state=state,
        promise=promise(summary, state, sheet.due, settled),
        due=sheet.due,
        debit_on=known.debit_on,
        payable=free and Right.PAY in RIGHTS[sheet.account.role],
        started=hold if hold and free and hold.user_id == known.asker_id else None,
        issued_on=clock.civil_date(summary.issued_at),
        settled=settled,
        lines=lines.words_of(sheet.bill),
        readings=readings.readings(sheet.bill),
        change=change.change(sheet.change, summary.period) if sheet.change else None,
        against=sheet.against,
        others=tuple((name, _against_words(name)) for name in sheet.others),
        days=_days(sheet, today),
        tier=_tier(sheet.bill),
        payments=tuple(payment for payment in known.payments if payment.share_of(summary.bill_no)),
        sheet=sheet,
    )


def _settled(summary: BillSummary, known: KnownBill) -> Settlement | None:
    if summary.settled_at is None:
        return None
    return settlement(summary, clock.civil_date(summary.settled_at), known.payments)


def _against_words(name: str) -> str:
    return {"last_month": _("和上个月比"), "last_year": _("和去年同月比")}[name]


def _hold(session: Session, bill: BillRow) -> Hold | None:
    return holds.held_bills(session, [bill.account_no]).get(bill.bill_no)


def _days(sheet: BillSheet, today: date) -> DailyBars | None:
    if sheet.days is None:
        return None
    month = MonthDays(sheet.bill.summary.period, sheet.days.days, sheet.days.periods)
    return daily_bars(month, today)


def _tier(bill: BillView) -> TierGauge | None:
    """Where the bill left its household; nothing when it cannot be rated any more."""
    try:
        position = _position(bill)
    except CaseError:
        return None
    if position is None:
        return None
    return tier.bill_gauge(position, bill.summary.to_day, bill.export_fen != 0)


def _position(bill: BillView) -> TierPosition | None:
    """JSON numbers are read as the decimals they were written as."""
    return rate(parse_case(json.loads(json.dumps(bill.case), parse_float=Decimal))).tier


def _payments(session: Session, user_id: int, bill: BillRow) -> tuple[Payment, ...]:
    """What was paid of the bill, or taken back from it."""
    found = payments_of(session, user_id, bill.account_no)
    return tuple(
        payment
        for payment in found
        if payment.share_of(bill.bill_no) or payment.taken_back(bill.bill_no).amount_fen
    )
