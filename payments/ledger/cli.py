"""`denghuo ledger`: prove that the books are right."""

import sys
from datetime import datetime, timedelta

import click

from payments.ledger.check import Report, check
from payments.reconciliation.standing import Standing, Sums
from payments.settings import PaymentSettings
from runtime import clock
from runtime.cli import plain_errors
from runtime.database import Database
from runtime.money import yuan
from runtime.settings import load


@click.group()
def ledger() -> None:
    """The books of every fen."""


@ledger.command("check")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="A civil day; yesterday without it.")
@plain_errors
def check_command(day: datetime | None) -> None:
    """Prove that the books balance, that no payment is lost, and that three sides of a day agree.

    Each difference is a line of its own; the exit code is 1 when there is any.
    """
    asked = day.date() if day else clock.today() - timedelta(days=1)
    database = Database.from_settings(load(PaymentSettings))
    report = check(database, asked)
    database.dispose()
    _show(report)
    if report.problems:
        sys.exit(1)


def _show(report: Report) -> None:
    click.echo("Balances of the books, in yuan (debit is positive):")
    for account, fen in report.balances.items():
        click.echo(f"  {account:<10} {yuan(fen):>20}")
    total = sum(count for count, _ in report.queues.values())
    click.echo(f"Paid orders: {total}.")
    for queue, (count, fen) in report.queues.items():
        click.echo(f"  {queue:<10} {count:>9} {yuan(fen):>20}")
    click.echo(f"{report.day}, payments and refunds (gateway | orders | postings | core):")
    for standing in report.standings:
        click.echo(_line(standing))
    if not report.problems:
        click.echo("No difference.")
        return
    count = len(report.problems)
    click.echo(f"{count} difference{'s' if count > 1 else ''}:")
    for problem in report.problems:
        click.echo(f"  {problem}")


def _line(standing: Standing) -> str:
    sums = [
        sums
        for sides in (standing.paid, standing.refunded)
        for sums in (sides.gateway, sides.orders, sides.posted, sides.core)
    ]
    return f"  {standing.channel:<10} " + " | ".join(map(_sum, sums))


def _sum(sums: Sums | None) -> str:
    return "-" if sums is None else f"{sums.count}: {yuan(sums.fen)}"
