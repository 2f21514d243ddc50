"""The jobs of requests; they are asked for in `requests.soon`."""

from datetime import timedelta
from functools import cache

from runtime.jobs import BACKOFF, Backoff, database, jobs, nightly
from runtime.settings import load
from service.core_client import CoreClient
from service.requests import carrying, clocks, files, joining, soon, tidy
from service.settings import ServiceSettings

FOR_EVER = Backoff(attempts=1_000_000, longest=timedelta(minutes=1))
"""Somebody waits for light: every minute until the core has it."""


@cache
def _settings() -> ServiceSettings:
    return load(ServiceSettings)


@cache
def _core() -> CoreClient:
    return CoreClient.from_settings(_settings())


@jobs.task(name=soon.CARRY.name, queue=soon.CARRY.queue, retry=FOR_EVER)
def carry(request_no: str) -> None:
    """Tell the core of a request, or that its customer took it back."""
    carrying.carry(database(), _core(), request_no)


@jobs.periodic(cron="* * * * *")
@jobs.task(name="requests.clocks", queue="service", queueing_lock="requests.clocks")
def watch(timestamp: int) -> None:
    """Warn of promises that will soon be over, and escalate those that were not kept."""
    clocks.watch(database())


@jobs.task(name=soon.JOIN.name, queue=soon.JOIN.queue, retry=BACKOFF)
def join(outage_no: str) -> None:
    """Let reports that came before an outage was known join it."""
    joining.join_all(database(), outage_no)


@jobs.periodic(cron="*/5 * * * *")
@jobs.task(
    name=soon.ASK_BACK.name,
    queue=soon.ASK_BACK.queue,
    queueing_lock=soon.ASK_BACK.name,
    retry=BACKOFF,
)
def ask_back(timestamp: int) -> None:
    """Ask whose outage is over, also by the clock alone, and end what nobody answered.

    What no news asks for is done here too: the clock begins and ends outages by itself.
    """
    joining.join_missed(database())
    joining.ask_all(database())
    joining.end_silent(database())


@jobs.periodic(cron=nightly(50))
@jobs.task(name="requests.tidy", queue="service", queueing_lock="requests.tidy")
def forget(timestamp: int) -> None:
    """Forget forms that were never sent, their files, and files that nothing names."""
    tidy.tidy(database(), files.folder(_settings().var))
