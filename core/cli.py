"""`denghuo core`: the commands of the billing and metering core."""

import click

from core.metering import cli as metering


@click.group()
def core() -> None:
    """The utility's billing and metering core."""


for command in metering.commands:
    core.add_command(command)
