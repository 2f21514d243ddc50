"""Bill runs: a month's bills for every service point, in pieces that each stand for themselves.

A piece is one transaction: its bills, ledger entries, late charges and changes are there together
or not at all. A run that was stopped, by whatever, goes on by being started again: it bills what
has no bill yet. Two runs of a month at once take turns piece by piece. What keeps a month from
being billed twice is not the run but the unique index on live bills.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import feed, published
from core.billing import issuing, ledger, settlement
from core.billing.anomalies import Finding, findings
from core.billing.cases import Prepared, Unbillable, draft, prepare
from core.billing.gathering import Billable, gather
from core.metering.estimation import estimate_month
from core.metering.usage import month_days
from core.models import Account, Anomaly, Bill, BillFailure, BillRun, Meter, ServicePoint
from core.settings import BillingSettings
from rating.bulk import rate_many, tabulate
from rating.statement import Statement
from runtime import clock
from runtime.database import Database
from runtime.errors import Conflict, NotFound
from runtime.logs import get_logger
from runtime.settings import load

log = get_logger(__name__)

RUN_LOCK = 0x0DE6_0B11
"""First key of the advisory lock of a piece; the second is the month."""


@dataclass(frozen=True)
class RunResult:
    """How a month stands: bills by status, and service points that could not be billed."""

    period: str
    started_at: datetime
    finished_at: datetime | None
    issued: int
    held: int
    failed: int


def run_bills(
    database: Database,
    period: str,
    as_of: date | None = None,
    rules: BillingSettings | None = None,
) -> RunResult:
    """Bill a month "YYYY-MM" that is over, as far as it is not billed yet.

    The bills are issued now, or at the beginning of the civil day `as_of`. A service point that
    cannot be billed is noted with the reason and tried again by the next run. Raises Conflict when
    the month is not over.
    """
    rules = rules or load(BillingSettings)
    at = clock.civil_midnight(as_of) if as_of else clock.now()
    if clock.civil_date(at) <= month_days(period)[1]:
        raise Conflict("bill_run.not_over", period=period)
    with database.unit_of_work() as session:
        begin(session, period, at)
    after: int | None = 0
    while after is not None:
        with database.unit_of_work() as session:
            after = _piece(session, period, after, at, rules)
    with database.unit_of_work() as session:
        result = _finish(session, period)
    log.info("bill_run_finished", period=period, issued=result.issued, failed=result.failed)
    return result


def run_of(session: Session, period: str) -> RunResult:
    """How far a month is billed. Raises NotFound when it was never begun."""
    run = session.scalar(select(BillRun).where(BillRun.period == period))
    if run is None:
        raise NotFound("bill_run.not_found", period=period)
    return RunResult(period, run.started_at, run.finished_at, *_counts(session, period))


def failures(session: Session, period: str, limit: int = 1000) -> list[tuple[str, str]]:
    """Service points of a month that could not be billed, with the reasons."""
    query = (
        select(ServicePoint.service_point_no, BillFailure.reason)
        .join(ServicePoint, ServicePoint.id == BillFailure.service_point_id)
        .where(BillFailure.period == period)
        .order_by(ServicePoint.id)
        .limit(limit)
    )
    return [(number, reason) for number, reason in session.execute(query)]


def begin(session: Session, period: str, at: datetime) -> None:
    """Note that a month's billing has begun, if it has not before."""
    begun = insert(BillRun).values(period=period, started_at=at, issued=0, held=0, failed=0)
    session.execute(begun.on_conflict_do_nothing(index_elements=[BillRun.period]))


def _finish(session: Session, period: str) -> RunResult:
    run = session.scalars(select(BillRun).where(BillRun.period == period).with_for_update()).one()
    run.issued, run.held, run.failed = _counts(session, period)
    run.finished_at = clock.now()
    return RunResult(period, run.started_at, run.finished_at, run.issued, run.held, run.failed)


def _counts(session: Session, period: str) -> tuple[int, int, int]:
    statuses = select(Bill.status, func.count()).where(Bill.period == period).group_by(Bill.status)
    by_status = {status: int(count) for status, count in session.execute(statuses)}
    failed = select(func.count()).select_from(BillFailure).where(BillFailure.period == period)
    return by_status.get("issued", 0), by_status.get("held", 0), session.scalar(failed) or 0


def _piece(
    session: Session, period: str, after: int, at: datetime, rules: BillingSettings
) -> int | None:
    """Bill the next service points behind `after`; returns the last one seen, None at the end."""
    month = int(period.replace("-", ""))
    session.execute(text("SELECT set_config('statement_timeout', '10min', true)"))
    session.execute(
        text("SELECT pg_advisory_xact_lock(:run, :month)"), {"run": RUN_LOCK, "month": month}
    )
    point_ids = _unbilled(session, period, after, rules.core_bill_chunk)
    if not point_ids:
        return None
    accounts = _lock_accounts(session, point_ids)
    estimate_month(session, period, point_ids)
    prepared = list(_prepared(session, gather(session, point_ids, period)))
    bills = _store(session, prepared, at, rules)
    _publish(session, accounts, bills, at)
    return point_ids[-1]


def _unbilled(session: Session, period: str, after: int, limit: int) -> Sequence[int]:
    """Service points that were supplied in the month and have no bill for it, not even dropped.

    One whose bill was rejected is billed by a rebill, not by a run.
    """
    first, last = month_days(period)
    billed = select(Bill.id).where(Bill.service_point_id == ServicePoint.id, Bill.period == period)
    metered = select(Meter.id).where(
        Meter.service_point_id == ServicePoint.id,
        Meter.installed <= last,
        or_(Meter.removed.is_(None), Meter.removed >= first),
    )
    query = (
        select(ServicePoint.id)
        .join(Account, Account.id == ServicePoint.account_id)
        .where(ServicePoint.id > after)
        .where(Account.opened <= last, or_(Account.closed.is_(None), Account.closed >= first))
        .where(~billed.exists(), metered.exists())
        .order_by(ServicePoint.id)
        .limit(limit)
    )
    return session.scalars(query).all()


def _lock_accounts(session: Session, point_ids: Sequence[int]) -> dict[int, Account]:
    owners = select(ServicePoint.account_id).where(ServicePoint.id.in_(point_ids))
    query = select(Account).where(Account.id.in_(owners)).order_by(Account.id).with_for_update()
    return {account.id: account for account in session.scalars(query)}


def _prepared(session: Session, billables: Sequence[Billable]) -> Iterator[Prepared]:
    """The cases that can be rated; the others are noted with their reasons."""
    for billable in billables:
        try:
            yield prepare(billable)
        except Unbillable as error:
            _note_failure(session, billable, str(error))


def _note_failure(session: Session, billable: Billable, reason: str) -> None:
    noted = insert(BillFailure).values(
        period=billable.period, service_point_id=billable.point.id, reason=reason
    )
    session.execute(
        noted.on_conflict_do_update(
            index_elements=[BillFailure.period, BillFailure.service_point_id],
            set_={"reason": reason, "found_at": func.now()},
        )
    )


def _store(
    session: Session, prepared: Sequence[Prepared], at: datetime, rules: BillingSettings
) -> list[Bill]:
    """Rate, and keep the bills; returns those that are issued."""
    odd: list[tuple[Bill, list[Finding]]] = []
    issued: list[Bill] = []
    drafts = [
        draft(each, statement) for each, statement in zip(prepared, _rated(prepared), strict=True)
    ]
    session.add_all(drafts)
    session.flush()
    for each, bill in zip(prepared, drafts, strict=True):
        if each.billable.late:
            each.billable.late.billed_on_id = bill.id
        if found := findings(each.billable, rules):
            odd.append((bill, found))
        else:
            issuing.issue(session, bill, at, rules.core_due_days)
            issued.append(bill)
    session.add_all(
        Anomaly(bill_id=bill.id, kind=each.kind, detail=each.detail)
        for bill, found in odd
        for each in found
    )
    _forget_failures(session, drafts)
    session.flush()
    return issued


def _rated(prepared: Sequence[Prepared]) -> list[Statement]:
    """The statements in the order of the cases, by the vectorised rules."""
    statements: dict[int, Statement] = {}
    for places, table in tabulate([each.case for each in prepared]):
        statements |= dict(zip(places, rate_many(table).statements(), strict=True))
    return [statements[place] for place in range(len(prepared))]


def _forget_failures(session: Session, bills: Sequence[Bill]) -> None:
    if bills:
        points = [bill.service_point_id for bill in bills]
        session.execute(
            delete(BillFailure).where(
                BillFailure.period == bills[0].period, BillFailure.service_point_id.in_(points)
            )
        )


def _publish(
    session: Session, accounts: dict[int, Account], bills: Sequence[Bill], at: datetime
) -> None:
    """Use the credit of these accounts, and tell the feed what came of it all."""
    billed = {bill.account_id for bill in bills}
    settled = [
        bill
        for account_id in settlement.with_credit(session, billed)
        for bill in settlement.use_credit(session, accounts[account_id], at)
    ]
    balances = ledger.balances_fen(session, billed)
    changes = issuing.bill_changes(session, dict.fromkeys([*bills, *settled]))
    told = [
        published.balance(accounts[account_id].account_no, balance_fen, at)
        for account_id, balance_fen in balances.items()
    ]
    feed.append(session, [*changes, *told])
