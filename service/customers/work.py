"""The jobs of the desk's customers; `customers.soon` asks for them."""

from functools import cache

from runtime.jobs import BACKOFF, Backoff, database, jobs
from runtime.settings import load
from service.core_client import CoreClient
from service.customers import exports, indexing, opening, rebills, soon
from service.settings import ServiceSettings

PATIENT = Backoff(attempts=1_000)
"""A core that is down all day is asked every ten minutes until it has made the bill."""


@cache
def _settings() -> ServiceSettings:
    return load(ServiceSettings)


@cache
def _core() -> CoreClient:
    return CoreClient.from_settings(_settings())


@jobs.periodic(cron="*/10 * * * *", periodic_id="customers.index")
@jobs.task(name="customers.index", queue="service", queueing_lock="customers.index")
def index(timestamp: int) -> None:
    """Make accounts findable that came before there were indexes."""
    indexing.fill(database())


@jobs.task(name=soon.REBILL.name, queue=soon.REBILL.queue, retry=PATIENT)
def rebill(bill_no: str) -> None:
    """Have the core make a bill again."""
    rebills.carry(database(), _core(), bill_no)


@jobs.task(name=soon.EXPORT.name, queue=soon.EXPORT.queue, retry=BACKOFF)
def export(export_id: int) -> None:
    """Write a customer's data to a file."""
    exports.make(database(), export_id, exports.folder(_settings().var))


@jobs.periodic(cron="*/10 * * * *", periodic_id="customers.tidy")
@jobs.task(name="customers.tidy", queue="service", queueing_lock="customers.tidy")
def tidy(timestamp: int) -> None:
    """Take away files whose day is over, and openings whose time is."""
    exports.tidy(database(), exports.folder(_settings().var))
    with database().unit_of_work() as session:
        opening.forget(session)
