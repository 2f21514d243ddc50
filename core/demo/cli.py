"""`denghuo core demo-utility`: the demo utility on the command line."""

from dataclasses import asdict
from time import monotonic

import click
import msgspec

from core.demo import people
from core.demo.roster import SMALL
from core.demo.utility import build
from core.settings import core_database
from runtime import crypto, logs
from runtime.cli import plain_errors
from runtime.settings import CryptoSettings, load


@click.command("demo-utility")
@click.option("--small", is_flag=True, help="About 20 accounts, for trying things out.")
@plain_errors
def demo_utility(small: bool) -> None:
    """Make the demo utility, or bring it up to today: 298 accounts, 13 months of bills."""
    started = monotonic()
    settings = load(CryptoSettings)
    logs.configure("WARNING", process="core")
    crypto.use_keys(crypto.KeyRing.from_settings(settings))
    database = core_database(settings)
    try:
        build(database, click.echo, SMALL if small else None)
    finally:
        database.dispose()
    click.echo(f"The demo utility is ready ({monotonic() - started:.0f} s).")


@click.command("demo-people")
def demo_people() -> None:
    """Print the named customers of the demo utility, one JSON object a line."""
    for person in people.PEOPLE:
        click.echo(msgspec.json.encode(asdict(person)).decode())


commands: list[click.Command] = [demo_utility, demo_people]
