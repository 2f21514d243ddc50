"""`denghuo core`: the commands of the billing and metering core."""

import json
from pathlib import Path

import click

from core.demo import cli as demo
from core.metering import cli as metering
from runtime.cli import plain_errors
from runtime.settings import load


@click.group()
def core() -> None:
    """The utility's billing and metering core."""


@core.command()
@plain_errors
def serve() -> None:
    """Answer the customer side over HTTP; Ctrl-C or SIGTERM stops it."""
    from core.serving import serve as run
    from core.settings import CoreSettings

    run(load(CoreSettings))


@core.command("bill-run")
@click.argument("period")
@plain_errors
def bill_run(period: str) -> None:
    """Bill the month PERIOD (2026-10), as far as it is not billed yet."""
    from core.billing.commands import bill_month

    bill_month(period)


@core.command()
@click.option("--output", type=click.Path(path_type=Path), help="Write to a file.")
def openapi(output: Path | None) -> None:
    """Print the interface as OpenAPI 3.1."""
    from core.app import interface

    text = json.dumps(interface(), ensure_ascii=False, indent=2) + "\n"
    if output:
        output.write_text(text, encoding="utf-8")
    else:
        click.echo(text, nl=False)


for command in [*metering.commands, *demo.commands]:
    core.add_command(command)
