"""`denghuo core ingest`: a file of readings on the command line."""

import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from core.metering import intake
from core.metering.readings import FileProblem, Rejected

SHOWN = 20
"""Rejected rows told on the error stream; the rest are counted."""

ENCODER = msgspec.json.Encoder(decimal_format="number")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Read and check the file; no database is used.")
@click.option("--meter", "meter_no", help="Meter of a Green Button file that does not name it.")
def ingest(file: Path, dry_run: bool, meter_no: str | None) -> None:
    """Take in a FILE of readings: Green Button XML or CSV, plain or gzip.

    Prints one line of JSON. Rejected rows are told with their reasons on the error stream.
    """
    try:
        found = summarise(file, meter_no)
    except FileProblem as problem:
        click.echo(ENCODER.encode({"error": str(problem)}))
        sys.exit(1)
    click.echo(ENCODER.encode(found))


def summarise(file: Path, meter_no: str | None) -> dict[str, Any]:
    """What taking in the file would come to, from the file alone. Raises FileProblem."""
    tally = intake.Tally()
    for row in intake.rows(file, meter_no):
        tally.add(row)
        if isinstance(row, Rejected) and tally.rejected <= SHOWN:
            click.echo(f"row {row.row}: {row.reason}", err=True)
    if tally.rejected > SHOWN:
        click.echo(f"and {tally.rejected - SHOWN} more rows rejected", err=True)
    return tally.summary()


commands: list[click.Command] = [ingest]
