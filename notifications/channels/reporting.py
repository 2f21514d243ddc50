"""Pushes of the SMS providers: kept with the job that reads them, read once or again.

A report can be faster than our own commit of what it reports on, so a push with one of a message
that we do not know is read again for a while. Whatever was noted before is noted no more.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from notifications import reports
from notifications.channels import pushed
from notifications.channels.pushed import Reply, Report
from notifications.models import ProviderReport
from notifications.preferences.stopping import heard
from runtime import clock
from runtime.jobs import BACKOFF, database, defer, jobs, nightly
from runtime.logs import get_logger

PATIENCE = timedelta(minutes=10)
KEPT = timedelta(days=7)
"""Pushes name phones: so long they are kept, in case somebody asks what a provider said."""

_log = get_logger(__name__)


class TooEarlyError(Exception):
    """A report is of a message that is not known yet."""


def take(session: Session, provider: str, body: bytes) -> None:
    """Keep a push and ask for it to be read. Raises pushed.UnreadableError."""
    pushed.read(provider, body)
    row = ProviderReport(provider=provider, body=body.decode(), received_at=clock.now())
    session.add(row)
    session.flush()
    defer(session, note, report_id=row.id)


@jobs.task(name="notifications.pushed", queue="notifications", retry=BACKOFF)
def note(report_id: int) -> None:
    """Note what a push says. Raises TooEarlyError, to be tried again."""
    with database().unit_of_work() as session:
        row = session.get(ProviderReport, report_id, with_for_update=True)
        if row is None or row.done_at is not None:
            return
        said = pushed.read(row.provider, row.body.encode())
        strangers = _note_reports(session, row.provider, said)
        may_come = clock.now() - row.received_at < PATIENCE
        if not (strangers and may_come):
            _hear_replies(session, said)
            row.done_at = clock.now()
    if strangers and may_come:
        raise TooEarlyError(row.provider)
    if strangers:
        _log.warning("reports_of_strangers", provider=row.provider, count=strangers)


def _note_reports(session: Session, provider: str, said: Sequence[Report | Reply]) -> int:
    """How many of the reports are of messages that we do not know."""
    told = [each for each in said if isinstance(each, Report)]
    # All transactions take the rows of messages in one order.
    told.sort(key=lambda each: (each.provider_no, each.reference))
    return sum(not _noted(session, provider, each) for each in told)


def _noted(session: Session, provider: str, report: Report) -> bool:
    return reports.note(
        session,
        provider,
        reference=report.reference or None,
        provider_no=report.provider_no or None,
        recipient=report.phone,
        delivered=report.delivered,
        reason=report.reason[:64],
        at=_past(report.at),
    )


def _hear_replies(session: Session, said: Sequence[Report | Reply]) -> None:
    """Who wants to hear no more is heard; that something else was written is all that is kept."""
    for each in said:
        if not isinstance(each, Reply):
            continue
        at = _past(each.at)
        if not heard(session, phone=each.phone, channel="sms", words=each.words, at=at):
            _log.info("reply_unheard")


def _past(at: datetime) -> datetime:
    """A provider's clock may go before ours."""
    return min(at, clock.now())


@jobs.periodic(cron=nightly(25))
@jobs.task(
    name="notifications.forget_pushes",
    queue="notifications",
    queueing_lock="notifications.forget_pushes",
)
def forget(timestamp: int) -> None:
    """Forget old pushes once a night."""
    old = delete(ProviderReport).where(ProviderReport.received_at < clock.now() - KEPT)
    with database().unit_of_work() as session:
        session.execute(old)
