"""`denghuo sync`: keep the customer layer's copy of the core up to date."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import click
from sqlalchemy import select

from runtime import crypto, logs
from runtime.crypto import KeyRing
from runtime.database import Database
from runtime.errors import Unavailable
from runtime.settings import SettingsError, load
from service.models import PoisonedChange
from service.settings import ServiceSettings
from service.sync import run
from service.sync.configured import source_from
from service.sync.sources import ChangeSource
from service.sync.status import SyncStatus, sync_status

SHOWN = 10
"""Changes set aside that `status` names."""

_WHY = {
    "core.unavailable": "The core does not answer as it should; look at DENGHUO_CORE_URL and"
    " DENGHUO_CORE_TOKEN.",
    "sync.busy": "Another sync of this source is running; try again when it is done.",
    "sync.folder_unreadable": "The folder of nightly files cannot be read; look at"
    " DENGHUO_SYNC_FOLDER.",
    "sync.drop_incomplete": "{file} in {drop} is missing or not what the manifest says.",
    "sync.file_unreadable": "{file} in {drop} is no proper CSV after row {row}.",
}


@click.group()
def sync() -> None:
    """Bring bills, balances and meter-days over from the core."""


@sync.command("run")
def run_command() -> None:
    """Read everything that is new, then stop."""
    with _opened() as (database, source, _):
        click.echo(_told(run.run(database, source)))


@sync.command()
def follow() -> None:
    """Stay, and bring over what is new within about a second."""
    with _opened() as (database, source, settings):
        click.echo(f"Following {source.name}. Stop with Ctrl-C.")
        while True:
            _follow_once(database, source)
            time.sleep(settings.sync_seconds)


@sync.command()
def retry() -> None:
    """Try once more what was set aside."""
    with _opened() as (database, source, _):
        came_in, left = run.retry(database, source.name)
    click.echo(f"{came_in} came in, {left} are still set aside.")


@sync.command()
def status() -> None:
    """Say how far the copy is, and what was set aside."""
    with (
        _reported(),
        _database(load(ServiceSettings)) as database,
        database.unit_of_work() as session,
    ):
        _show(sync_status(session))
        waiting = session.scalars(
            select(PoisonedChange)
            .where(PoisonedChange.resolved_at.is_(None))
            .order_by(PoisonedChange.id)
            .limit(SHOWN)
        )
        for change in waiting:
            click.echo(f"  {change.source} {change.position} {change.kind}: {change.reason}")


def _follow_once(database: Database, source: ChangeSource) -> None:
    try:
        outcome = run.run(database, source)
    except Unavailable as refusal:
        click.echo(_sentence(refusal), err=True)
    else:
        if outcome.rows or outcome.poisoned:
            click.echo(_told(outcome))


def _show(status: SyncStatus) -> None:
    if status.as_of is None:
        click.echo("Nothing has been synced yet.")
    else:
        click.echo(
            f"Data as of {status.as_of:%Y-%m-%d %H:%M:%S} UTC from {status.source},"
            f" {status.behind_seconds:.0f} s ago; {status.waiting} changes wait."
        )
    click.echo(f"{status.poisoned} changes are set aside.")


def _told(outcome: run.Outcome) -> str:
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(outcome.stored.items()))
    told = f"{outcome.rows} rows stored ({kinds})." if outcome.rows else "Nothing new."
    return told + (f" {outcome.poisoned} changes were set aside." if outcome.poisoned else "")


@contextmanager
def _opened() -> Iterator[tuple[Database, ChangeSource, ServiceSettings]]:
    with _reported():
        settings = load(ServiceSettings)
        logs.configure(settings.log_level, process="sync")
        crypto.use_keys(KeyRing.from_settings(settings))
        with _database(settings) as database, closing(source_from(settings)) as source:
            try:
                yield database, source, settings
            except KeyboardInterrupt:
                click.echo("Stopped.")


@contextmanager
def _database(settings: ServiceSettings) -> Iterator[Database]:
    database = Database.from_settings(settings)
    try:
        yield database
    finally:
        database.dispose()


@contextmanager
def _reported() -> Iterator[None]:
    """Problems of settings and of the source end the command with a sentence."""
    try:
        yield
    except SettingsError as problem:
        raise click.ClickException(str(problem)) from problem
    except Unavailable as refusal:
        raise click.ClickException(_sentence(refusal)) from refusal


def _sentence(refusal: Unavailable) -> str:
    return _WHY.get(refusal.code, refusal.code).format(**refusal.params)
