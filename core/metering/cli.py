"""`denghuo core ingest` and `denghuo core estimate`."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from core.metering import intake
from core.metering.estimation import estimate_month
from core.metering.ingest import IngestResult, ingest
from core.metering.readings import FileProblem, Rejected
from core.settings import core_database
from runtime.cli import plain_errors
from runtime.database import Database
from runtime.settings import Settings, load

SHOWN = 20
"""Rejected rows told on the error stream; the rest are counted."""

ENCODER = msgspec.json.Encoder(decimal_format="number")


@click.command("ingest")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Read and check the file; no database is used.")
@click.option("--meter", "meter_no", help="Meter of a Green Button file that does not name it.")
@click.option("--correction", is_flag=True, help="Replace measured values that differ.")
@plain_errors
def ingest_command(file: Path, dry_run: bool, meter_no: str | None, correction: bool) -> None:
    """Take in a FILE of readings: Green Button XML or CSV, plain or gzip.

    Prints one line of JSON. Rejected rows are told with their reasons on the error stream.
    """
    try:
        if dry_run:
            found = summarise(file, meter_no)
        else:
            with _database() as database:
                found = told(ingest(database, file, meter_no=meter_no, correction=correction))
    except FileProblem as problem:
        click.echo(ENCODER.encode({"error": str(problem)}))
        sys.exit(1)
    click.echo(ENCODER.encode(found))


@click.command("estimate")
@click.argument("period", metavar="YYYY-MM")
@click.option("--through", type=click.DateTime(["%Y-%m-%d"]), help="Last day, if not the month's.")
@plain_errors
def estimate_command(period: str, through: datetime | None) -> None:
    """Fill the gaps of a month from each customer's own history."""
    _check_period(period)
    with _database() as database, database.unit_of_work() as session:
        found = estimate_month(session, period, through=through.date() if through else None)
    click.echo(ENCODER.encode({"days": found.days, "dials": found.dials}))


def summarise(file: Path, meter_no: str | None) -> dict[str, Any]:
    """What taking in the file would come to, from the file alone. Raises FileProblem."""
    tally = intake.Tally()
    first: list[Rejected] = []
    for row in intake.rows(file, meter_no):
        tally.add(row)
        if isinstance(row, Rejected) and len(first) < SHOWN:
            first.append(row)
    _tell_rejected(first, tally.rejected)
    return tally.summary()


def told(result: IngestResult) -> dict[str, Any]:
    """What became of a file, in the words of the dry run where they mean the same."""
    _tell_rejected(result.rejected[:SHOWN], result.rejected_count)
    return {
        "file": result.sha256,
        "repeated": result.repeated,
        "readings": result.accepted,
        "changed": result.changed_days,
        "rejected": result.rejected_count,
    }


@contextmanager
def _database() -> Iterator[Database]:
    database = core_database(load(Settings))
    try:
        yield database
    finally:
        database.dispose()


def _tell_rejected(first: Iterable[Rejected], count: int) -> None:
    for row in first:
        click.echo(f"row {row.row}: {row.reason}", err=True)
    if count > SHOWN:
        click.echo(f"and {count - SHOWN} more rows rejected", err=True)


def _check_period(period: str) -> None:
    try:
        date.fromisoformat(f"{period}-01")
    except ValueError:
        raise click.BadParameter(f"{period!r} is not a month (2026-11).") from None


commands: list[click.Command] = [ingest_command, estimate_command]
