"""Commands of the runtime: the private PostgreSQL and the migrations."""

import signal
import sys
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn, ParamSpec

import click
from sqlalchemy.exc import DBAPIError

from runtime import migrate as migrations
from runtime import postgres
from runtime.database import database_url
from runtime.postgres_home import PostgresError, find_home
from runtime.settings import Settings, SettingsError, load

P = ParamSpec("P")
SHORT_LIFE_SECONDS = 5
MOST_SHORT_LIVES = 5


def plain_errors(command: Callable[P, None]) -> Callable[P, None]:
    """An operator reads one sentence, never a trace."""

    @wraps(command)
    def guarded(*args: P.args, **options: P.kwargs) -> None:
        try:
            command(*args, **options)
        except (SettingsError, PostgresError) as error:
            raise click.ClickException(str(error)) from None
        except DBAPIError as error:
            reason = str(error.orig).strip().splitlines()[0]
            raise click.ClickException(f"The database refused: {reason}") from None

    return guarded


@click.group()
def database() -> None:
    """The private PostgreSQL of this machine."""


@database.command("run")
@plain_errors
def run() -> None:
    """Start it and stay in front; Ctrl-C or SIGTERM stops it."""
    var = load(Settings).var
    server = postgres.PrivateServer(var)
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, _leave)
    try:
        click.echo("Starting the private PostgreSQL ...")
        server.start()
        click.echo(f"PostgreSQL is ready (process {server.pid}); its data is in {server.home}.")
        _keep_running(server)
    finally:
        server.stop()
        click.echo("PostgreSQL has stopped.")


@database.command("url")
@plain_errors
def url() -> None:
    """Print the URL of the database in use, for psql and DATABASE_URL. It holds the password."""
    click.echo(database_url(load(Settings)))


@database.command("status")
@plain_errors
def status() -> None:
    """Say whether the private PostgreSQL runs; the exit code is 0 when it does, 3 when not."""
    var = load(Settings).var
    home = find_home(var)
    if home is None:
        click.echo(f"There is no private PostgreSQL in {var} yet.")
        sys.exit(3)
    if not postgres.is_owned(var):
        click.echo(f"The private PostgreSQL in {home.path} is stopped.")
        sys.exit(3)
    click.echo(f"The private PostgreSQL in {home.path} is running.")


@database.command("remove")
@click.confirmation_option(prompt="Delete all data of the private PostgreSQL?")
@plain_errors
def remove() -> None:
    """Delete the private PostgreSQL with all its data."""
    var = load(Settings).var
    if find_home(var) is None:
        click.echo(f"There is no private PostgreSQL in {var}.")
        return
    postgres.PrivateServer(var).remove()
    click.echo("The private PostgreSQL and its data are gone.")


@click.command()
@click.option("--check", is_flag=True, help="Only say whether the database is up to date.")
@plain_errors
def migrate(check: bool) -> None:
    """Bring the database up to the newest migration, the core's schema included."""
    behind = 0
    for name, location in migrations.locations().items():
        target = _url_for(name)
        newest, found = migrations.head(location), migrations.current(target, location)
        if found == newest:
            click.echo(f"{name}: up to date at {newest}")
        elif check:
            behind += 1
            click.echo(f"{name}: at {found or 'nothing'}, the newest is {newest}")
        else:
            migrations.upgrade(target, location)
            click.echo(f"{name}: migrated from {found or 'nothing'} to {newest}")
    if behind:
        sys.exit(3)


def _url_for(name: str) -> str:
    settings = load(Settings)
    own = settings.core_database_url if name == "core" else None
    return own or database_url(settings)


def _keep_running(server: postgres.PrivateServer) -> NoReturn:
    """Start the server again whenever it ends by itself; give up when it keeps ending at once."""
    short_lives = 0
    while True:
        began = time.monotonic()
        server.wait()
        short_lives = short_lives + 1 if time.monotonic() - began < SHORT_LIFE_SECONDS else 0
        if short_lives >= MOST_SHORT_LIVES:
            raise PostgresError(
                f"PostgreSQL keeps ending right after its start; its log is in {server.home}."
            )
        click.echo("PostgreSQL ended unexpectedly; starting it again ...")
        server.start()
        click.echo(f"PostgreSQL is ready (process {server.pid}).")


def _leave(number: int, frame: Any) -> NoReturn:
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    sys.exit(0)
