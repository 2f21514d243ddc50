"""`denghuo remind`: make the reminders of a day at once."""

from datetime import datetime

import click

from denghuo.wiring import wire
from notifications.arrears import foreseeing, running
from runtime import clock, crypto
from runtime.cli import plain_errors
from runtime.crypto import KeyRing
from runtime.database import Database
from runtime.settings import CryptoSettings, load


@click.group()
def remind() -> None:
    """Reminders of bills."""


@remind.command()
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Civil day; today without it.")
@plain_errors
def run(day: datetime | None) -> None:
    """Write down whom to remind of what; the worker sends it at its hour."""
    settings = load(CryptoSettings)
    wire()
    crypto.use_keys(KeyRing.from_settings(settings))
    database = Database.from_settings(settings)
    try:
        found = running.run(database, day.date() if day else clock.today())
        foreseeing.foresee(database, found.day)
    finally:
        database.dispose()
    click.echo(f"{found.day} is {found.state}: {found.notices} notices in {found.pieces} pieces.")
