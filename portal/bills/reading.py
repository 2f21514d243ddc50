"""Everything that a bill's page says, read once."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from payments import holds
from payments.history import Payment, payments_of
from payments.holds import Hold
from portal.bills import change, lines, tier
from portal.bills.change import Change
from portal.bills.lines import LineWords
from portal.bills.tier import TierGauge
from portal.owing import bill_state
from portal.usage.days import DailyBars, MonthDays, daily_bars
from rating import CaseError, TierPosition, parse_case, rate
from runtime import clock
from service.access import RIGHTS, Right
from service.bill_sheet import AGAINST, BillSheet, bill_sheet
from service.bills import BillView
from service.dues import Due
from service.people.links import LinkedAccount

USUAL = next(iter(AGAINST))
"""What a bill is held against when the address does not say."""


@dataclass(frozen=True)
class BillPage:
    """A bill as its page shows it. `started` is the asker's own order that waits for payment."""

    bill: BillView
    account: LinkedAccount
    state: str
    due: Due | None
    payable: bool
    started: Hold | None
    issued_on: date
    settled_on: date | None
    lines: list[LineWords]
    change: Change | None
    against: str | None
    others: tuple[tuple[str, str], ...]
    days: DailyBars | None
    tier: TierGauge | None
    payments: list[Payment]
    sheet: BillSheet

    @property
    def due_today(self) -> bool:
        return self.due is not None and self.due.due == clock.today()


def read_bill(
    session: Session,
    user_id: int,
    bill_no: str,
    against: str,
    accounts: Collection[LinkedAccount],
) -> BillPage:
    """The page of a bill. Raises NotFound when it is not the user's to see."""
    sheet = bill_sheet(session, user_id, bill_no, against)
    summary = sheet.bill.summary
    account = next(each for each in accounts if each.account_no == summary.account_no)
    hold = _hold(session, sheet)
    paid = hold is not None and hold.paid
    free = sheet.due is not None and not paid
    return BillPage(
        bill=sheet.bill,
        account=account,
        state=bill_state(summary, hold),
        due=sheet.due,
        payable=free and Right.PAY in RIGHTS[account.role],
        started=hold if hold and free and hold.user_id == user_id else None,
        issued_on=clock.civil_date(summary.issued_at),
        settled_on=clock.civil_date(summary.settled_at) if summary.settled_at else None,
        lines=lines.words_of(sheet.bill),
        change=change.change(sheet.change, summary.period) if sheet.change else None,
        against=sheet.against,
        others=tuple((name, _against_words(name)) for name in sheet.others),
        days=_days(sheet),
        tier=_tier(sheet.bill),
        payments=_payments(session, user_id, sheet, paid),
        sheet=sheet,
    )


def _against_words(name: str) -> str:
    return {"last_month": _("和上个月比"), "last_year": _("和去年同月比")}[name]


def _hold(session: Session, sheet: BillSheet) -> Hold | None:
    if sheet.due is None:
        return None
    return holds.held_bills(session, [sheet.due.account_no]).get(sheet.due.bill_no)


def _days(sheet: BillSheet) -> DailyBars | None:
    if sheet.days is None:
        return None
    month = MonthDays(sheet.bill.summary.period, sheet.days.days, sheet.days.periods)
    return daily_bars(month, clock.today())


def _tier(bill: BillView) -> TierGauge | None:
    """Where the bill left its household; nothing when it cannot be rated any more."""
    try:
        position = _position(bill)
    except CaseError:
        return None
    return tier.gauge(position, bill.summary.period) if position else None


def _position(bill: BillView) -> TierPosition | None:
    """JSON numbers are read as the decimals they were written as."""
    return rate(parse_case(json.loads(json.dumps(bill.case), parse_float=Decimal))).tier


def _payments(session: Session, user_id: int, sheet: BillSheet, paid: bool) -> list[Payment]:
    """What was paid of the bill; asked only where something can be."""
    summary = sheet.bill.summary
    if not paid and not summary.settled_fen:
        return []
    found = payments_of(session, user_id, summary.account_no)
    return [payment for payment in found if summary.bill_no in payment.bill_nos]
