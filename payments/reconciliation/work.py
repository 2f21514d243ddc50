"""The jobs of reconciliation."""

from datetime import date, timedelta
from functools import cache

from payments import gateways, soon, statements
from payments.gateways import Gateways
from payments.reconciliation import cures, resolving, run
from payments.reconciliation.run import CORE, Outcome, Parties
from payments.settings import PaymentSettings, of_process
from runtime.database import Database
from runtime.jobs import BACKOFF, Backoff, database, jobs, nightly
from runtime.logs import get_logger
from runtime.settings import load
from service.core_client import CoreClient
from service.settings import ServiceSettings

TILL_READY = Backoff(attempts=48, first=timedelta(minutes=5), longest=timedelta(hours=1))
"""From the night to the afternoon: WeChat Pay's statement is there after ten in the morning."""

_log = get_logger(__name__)


class NotReconciled(Exception):  # noqa: N818 - the job runs again, nothing is wrong with it
    """A statement could not be had yet, or was refused and may be right next time."""


def parties(settings: PaymentSettings) -> Parties:
    """Whoever has a word about the money of this installation."""
    core = CoreClient.from_settings(load(ServiceSettings, var=settings.var))
    return Parties(statements.from_settings(settings), core, settings.var / "statements")


@cache
def _parties() -> Parties:
    return parties(of_process())


@cache
def _gateways() -> Gateways:
    return gateways.from_settings(of_process())


def reconcile_days(work_on: Database, those: Parties, day: date | None = None) -> list[Outcome]:
    """Reconcile a day; or, without one, every day of the last week that still needs it."""
    if day is not None:
        return run.reconcile(work_on, those, day)
    with work_on.unit_of_work() as session:
        days = run.unreconciled(session, [*those.statements, CORE])
    return [outcome for each in days for outcome in run.reconcile(work_on, those, each)]


@jobs.periodic(cron=nightly(10))
@jobs.task(
    name="payments.reconcile",
    queue="payments",
    queueing_lock="payments.reconcile",
    retry=TILL_READY,
)
def reconcile(timestamp: int) -> None:
    """Compare the days that are over; again until every statement is there."""
    outcomes = reconcile_days(database(), _parties())
    missing = [each.source for each in outcomes if each.verdict != "taken"]
    if missing:
        raise NotReconciled(", ".join(missing))


@jobs.task(name=soon.RECONCILE.name, queue=soon.RECONCILE.queue)
def reconcile_day(day: str) -> None:
    """Compare a day that somebody at the desk asks for; the night does it again in any case."""
    reconcile_days(database(), _parties(), date.fromisoformat(day))


@jobs.periodic(cron="*/10 * * * *")
@jobs.task(name="payments.look", queue="payments", queueing_lock="payments.look")
def look(timestamp: int) -> None:
    """See which cures have worked, and count what is left."""
    with database().unit_of_work() as session:
        cures.look(session)


@jobs.task(name=soon.RECOVER.name, queue=soon.RECOVER.queue, retry=BACKOFF)
def recover(order_no: str) -> None:
    """Ask the gateway about an order that its statement has as paid."""
    cures.recover(database(), _gateways(), order_no)


@jobs.task(name=resolving.GIVE_BACK.name, queue=resolving.GIVE_BACK.queue, retry=BACKOFF)
def give_back(difference_id: int) -> None:
    """Give money back that came for no order of ours, as two people decided."""
    resolving.give_back(database(), _gateways(), difference_id)
