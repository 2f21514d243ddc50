"""`denghuo reconcile`: compare gateways, orders and the core now, instead of in the night."""

import sys
from datetime import date, datetime

import click

from payments.reconciliation import work
from payments.reconciliation.run import Outcome
from payments.settings import PaymentSettings
from runtime import crypto, logs
from runtime.cli import plain_errors
from runtime.crypto import KeyRing
from runtime.database import Database
from runtime.settings import load

_WORDS = {
    "absent": "there is no statement yet ({reason})",
    "refused": "the statement was REFUSED: {reason}",
}


@click.command()
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="A civil day; without it every day of the last week that still needs it.",
)
@plain_errors
def reconcile(day: datetime | None) -> None:
    """Compare each gateway's statement, our books and the core's file; start the cures.

    The exit code is 1 when a statement is missing or was refused.
    """
    settings = load(PaymentSettings)
    logs.configure(settings.log_level, process="reconcile")
    crypto.use_keys(KeyRing.from_settings(settings))
    database = Database.from_settings(settings)
    asked: date | None = day.date() if day else None
    outcomes = work.reconcile_days(database, work.parties(settings), asked)
    database.dispose()
    for outcome in outcomes:
        click.echo(_told(outcome))
    if not outcomes:
        click.echo("Every day of the last week has been reconciled.")
    if any(outcome.verdict != "taken" for outcome in outcomes):
        sys.exit(1)


def _told(outcome: Outcome) -> str:
    start = f"{outcome.day} {outcome.source}: "
    if outcome.verdict != "taken":
        return start + _WORDS[outcome.verdict].format(reason=outcome.reason)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(outcome.found.items()))
    return start + (f"new differences: {kinds}" if kinds else "no new difference")
