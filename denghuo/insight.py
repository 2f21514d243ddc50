"""`denghuo insight`: how well late bills are foretold, and the work of its nights at once."""

import click

from denghuo.wiring import wire
from runtime import crypto
from runtime.cli import plain_errors
from runtime.crypto import KeyRing
from runtime.database import Database
from runtime.settings import CryptoSettings, Settings, load
from service.insight import evaluation, nights
from service.insight.rules import rules


@click.group()
def insight() -> None:
    """Who is likely to pay late, and whose usage fell."""


@insight.command()
@click.option("--simulated", is_flag=True, help="Of simulated households alone; no database.")
@plain_errors
def evaluate(simulated: bool) -> None:
    """Measure it: on simulated households, and on the bills of the copy."""
    click.echo("### Simulated households\n")
    click.echo(evaluation.markdown(evaluation.simulated(rules())))
    if simulated:
        return
    database = Database.from_settings(load(Settings))
    try:
        found = evaluation.own(database, rules())
    finally:
        database.dispose()
    click.echo("\n### The copy's own bills\n")
    click.echo(evaluation.markdown(found) if found else "Too few bills to measure anything on.")


@insight.command()
@plain_errors
def run() -> None:
    """Learn when it is time, score all accounts, look for falls: what the nights do."""
    settings = load(CryptoSettings)
    wire()
    crypto.use_keys(KeyRing.from_settings(settings))
    database = Database.from_settings(settings)
    try:
        scores = nights.learn_and_score(database, rules())
        falls = nights.find_falls(database, rules())
    finally:
        database.dispose()
    click.echo(f"{scores} accounts are scored, {falls} firms are new in the warnings.")
