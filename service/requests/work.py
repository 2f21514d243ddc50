"""The jobs of requests; they are asked for in `requests.soon`."""

from datetime import timedelta
from functools import cache

from runtime.jobs import Backoff, database, jobs, nightly
from runtime.settings import load
from service.core_client import CoreClient
from service.requests import carrying, clocks, files, soon, tidy
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


@jobs.periodic(cron=nightly(50))
@jobs.task(name="requests.tidy", queue="service", queueing_lock="requests.tidy")
def forget(timestamp: int) -> None:
    """Forget forms that were never sent, their files, and files that nothing names."""
    tidy.tidy(database(), files.folder(_settings().var))
