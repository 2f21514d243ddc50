"""Reports that a provider pushed: kept as a job with the answer to it, noted by the worker.

A report can be faster than our own commit of what it reports on, so one of a message that we do
not know is looked at again for a while; after that it is somebody else's.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from notifications import reports
from runtime import clock
from runtime.jobs import BACKOFF, database, defer, jobs
from runtime.logs import get_logger

PATIENCE = timedelta(minutes=10)

_log = get_logger(__name__)


class TooEarlyError(Exception):
    """No such message is known yet."""


def take(
    session: Session, provider: str, number: str, *, delivered: bool, reason: str = ""
) -> None:
    """Keep a report of the message that the provider calls `number`."""
    defer(
        session,
        note,
        provider=provider,
        number=number[:64],
        delivered=delivered,
        reason=reason[:64],
        at=clock.now().isoformat(),
    )


@jobs.task(name="notifications.reported", queue="notifications", retry=BACKOFF)
def note(provider: str, number: str, delivered: bool, reason: str, at: str) -> None:
    """Write it down. Raises TooEarlyError, to be tried again."""
    told = datetime.fromisoformat(at)
    with database().unit_of_work() as session:
        known = reports.note(
            session, provider, provider_no=number, delivered=delivered, reason=reason, at=told
        )
    if known:
        return
    if clock.now() - told < PATIENCE:
        raise TooEarlyError(provider)
    _log.warning("report_of_a_stranger", provider=provider)
