"""`denghuo worker`: runs the jobs of every room."""

from importlib import import_module

import click

from denghuo.wiring import wire
from notifications.settings import SmsSettings
from payments.settings import PaymentSettings
from runtime import crypto, figures, jobs, logs
from runtime.crypto import KeyRing
from runtime.database import Database, database_url
from runtime.settings import JobSettings, SettingsError, load
from runtime.worker import run_worker
from service.settings import ServiceSettings

TASKS = (
    "service.jobs",
    "service.customers.work",
    "service.people.tidy",
    "service.audit.work",
    "service.insight.work",
    "service.requests.work",
    "service.usage_watch.work",
    "service.conversations.tidy",
    "service.conversations.evening",
    "service.arrangements.work",
    "service.disconnections.work",
    "payments.work",
    "payments.agreements.work",
    "payments.invoices.work",
    "payments.reconciliation.work",
    "payments.thresholds.work",
    "notifications.composing",
    "notifications.dispatching",
    "notifications.resolving",
    "notifications.sweeping",
    "notifications.wechat",
    "notifications.channels.reported",
    "notifications.channels.reporting",
    "notifications.outages",
    "notifications.arrears.work",
    "notifications.campaigns.work",
    "notifications.tidy",
)
"""The modules that declare tasks."""

SETTINGS = (ServiceSettings, PaymentSettings, SmsSettings)
"""What jobs will need: a worker that could not do its work does not start."""


@click.command()
def worker() -> None:
    """Run jobs until it is told to stop; what has begun is finished first."""
    try:
        settings = load(JobSettings)
        logs.configure(settings.log_level, process="worker")
        crypto.use_keys(KeyRing.from_settings(settings))
        jobs.use_database(Database.from_settings(settings))
        url = database_url(settings)
        for each in SETTINGS:
            load(each)
    except SettingsError as problem:
        raise click.ClickException(str(problem)) from problem
    wire()
    for module in TASKS:
        import_module(module)
    figures.serve(settings.worker_host, settings.worker_port)
    run_worker(
        url,
        concurrency=settings.job_concurrency,
        rescue_seconds=settings.job_rescue_seconds,
        keep_days=settings.job_keep_days,
    )
