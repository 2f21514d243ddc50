"""The demo utility from its founding to today; done again it goes on from where it stands."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing import anomalies
from core.billing.runs import run_bills
from core.demo import founding, metering, outages, paying
from core.demo.metering import ONE_DAY, Span
from core.demo.roster import Scale, Supply, roster
from core.models import Account, Anomaly, Bill, BillRun, MeterDay
from core.partitions import next_month
from core.settings import BillingSettings
from runtime import clock
from runtime.database import Database
from runtime.settings import load

MONTHS = 13
"""Full months of history."""

ISSUE_DAY = 2
NEWEST_ISSUED = timedelta(days=6)
"""The newest bills went out no longer ago than this, so that there is time to pay them."""

EXCHANGE_AFTER = timedelta(days=225)

Tell = Callable[[str], None]


def build(database: Database, tell: Tell, scale: Scale | None = None) -> None:
    """Found the utility if need be, and bring its readings, bills and payments up to today."""
    supplies = roster(scale)
    first = _first_month(database)
    _found(database, supplies, first, tell)
    today = clock.today()
    newest = _months_before(today.replace(day=1), 1)
    for month in _months(first, newest):
        _whole_month(database, supplies, month, first, newest, tell)
    _this_month(database, supplies, today, tell)
    paid = paying.pay_bills(database, supplies, clock.now(), f"{newest:%Y-%m}")
    told = outages.bring_up_to_date(database)
    tell(f"Up to date: readings to {today - ONE_DAY}, {paid} more payments, {told} outages.")


def _first_month(database: Database) -> date:
    """The month that the utility's readings begin with."""
    with database.unit_of_work() as session:
        earliest = session.scalar(select(func.min(BillRun.period)))
    if earliest:
        return date.fromisoformat(f"{earliest}-01")
    return _months_before(clock.today().replace(day=1), MONTHS)


def _found(database: Database, supplies: Sequence[Supply], first: date, tell: Tell) -> None:
    with database.unit_of_work() as session:
        new = founding.found(session, supplies, first + EXCHANGE_AFTER)
    if new:
        tell(f"{new} accounts entered.")
    metering.first_dials(database, supplies, first)


def _whole_month(
    database: Database,
    supplies: Sequence[Supply],
    month: date,
    first: date,
    newest: date,
    tell: Tell,
) -> None:
    """Readings, bills and payments of a month that is over."""
    period = f"{month:%Y-%m}"
    with database.unit_of_work() as session:
        if _billed(session, period):
            return
    last = next_month(month) - ONE_DAY
    metering.meter_month(
        database, supplies, Span(month, last, history=month > first, event=month == newest)
    )
    paying.top_up(database, supplies, month)
    issued = issue_day(month, newest)
    result = run_bills(database, period, issued, _rules(strict=month == newest))
    if month == newest:
        _release(database, supplies)
    paid = paying.pay_bills(database, supplies, _next_issue(month, newest), f"{newest:%Y-%m}")
    tell(
        f"{period}: {result.issued} bills issued, {result.held} held, "
        f"{result.failed} not billed, {paid} payments."
    )


def issue_day(month: date, newest: date) -> date:
    """The day a month's bills go out: early in the next, but the newest only some days ago."""
    usual = next_month(month).replace(day=ISSUE_DAY)
    if month < newest:
        return usual
    today = clock.today()
    return min(today, max(usual, today - NEWEST_ISSUED))


def _next_issue(month: date, newest: date) -> datetime:
    """Until when payments come in before the next bills go out."""
    if month == newest:
        return clock.now()
    return clock.civil_midnight(issue_day(next_month(month), newest))


def _this_month(database: Database, supplies: Sequence[Supply], today: date, tell: Tell) -> None:
    month, yesterday = today.replace(day=1), today - ONE_DAY
    if yesterday < month:
        return
    with database.unit_of_work() as session:
        newest = session.scalar(select(func.max(MeterDay.day)))
    if newest is None or newest < yesterday:
        metering.meter_month(database, supplies, Span(month, yesterday, history=True, event=True))
        tell(f"{month:%Y-%m}: readings up to {yesterday}.")
    paying.top_up(database, supplies, month)


def _billed(session: Session, period: str) -> bool:
    finished = select(BillRun.finished_at).where(BillRun.period == period)
    return session.scalar(finished) is not None


def _rules(*, strict: bool) -> BillingSettings:
    """The rules of billing; of months long past nothing is held any more."""
    rules = load(BillingSettings)
    return rules if strict else rules.model_copy(update={"core_anomaly_wh_per_day": 10**12})


def _release(database: Database, supplies: Sequence[Supply]) -> None:
    """Let held bills go out, but those that the demo has for its staff to look at."""
    kept = [supply.account_no for supply in supplies if supply.event in ("surge", "empty")]
    with database.unit_of_work() as session:
        query = (
            select(Anomaly.id)
            .join(Bill, Bill.id == Anomaly.bill_id)
            .join(Account, Account.id == Bill.account_id)
            .where(Anomaly.decision.is_(None), Account.account_no.not_in(kept))
            .order_by(Anomaly.id)
        )
        for anomaly_id in session.scalars(query).all():
            anomalies.decide(session, anomaly_id, "released", "demo", load(BillingSettings))


def _months(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first = next_month(first)


def _months_before(month: date, count: int) -> date:
    for _ in range(count):
        month = (month - ONE_DAY).replace(day=1)
    return month
