"""`denghuo rate`: bills from the command line."""

import json
import sys

import click

from rating.json_form import rate_json


@click.command()
@click.option("--pretty", is_flag=True, help="Indent the result for people.")
@click.pass_context
def rate(ctx: click.Context, pretty: bool) -> None:
    """Rate one case, or an array of cases, read as JSON from standard input.

    Prints one result, or an array in the same order. A case that cannot be rated gives
    {"error": {"field", "message"}} in its place. Ends with 0 when all were rated, else with 1.
    """
    result, all_rated = rate_json(sys.stdin.buffer.read() if sys.stdin else b"")
    click.echo(json.dumps(result, indent=2 if pretty else None))
    ctx.exit(0 if all_rated else 1)
