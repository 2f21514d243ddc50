"""A bill run from the command line."""

import re

import click

from core.billing import runs
from core.settings import BillingSettings, core_database
from runtime import crypto, logs
from runtime.errors import Conflict
from runtime.settings import load

PERIOD = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")


def bill_month(period: str) -> None:
    """Bill a month and say what came of it. Raises ClickException with a sentence."""
    if not PERIOD.fullmatch(period):
        raise click.ClickException(f"{period} is not a month such as 2026-10.")
    rules = load(BillingSettings)
    crypto.use_keys(crypto.KeyRing.from_settings(rules))
    database = core_database(rules)
    logs.configure(rules.log_level, process="core")
    try:
        result = runs.run_bills(database, period, rules=rules)
        with database.unit_of_work() as session:
            failures = runs.failures(session, period)
    except Conflict:
        raise click.ClickException(f"The month {period} is not over.") from None
    finally:
        database.dispose()
    for number, reason in failures:
        click.echo(f"{number}: {reason}", err=True)
    click.echo(
        f"{period}: {result.issued} bills issued, {result.held} held for a look, "
        f"{result.failed} service points not billed."
    )
