"""`denghuo audit`: prove that the trail is whole."""

import re
import sys

import click

from runtime.cli import plain_errors
from runtime.database import Database
from runtime.settings import Settings, load
from service.audit.reading import Proof, prove

WRONG = {
    "gap": "An entry is missing after number {number}.",
    "changed": "The entry after number {number} is not as it was written.",
    "rewritten": "Up to number {number} all fits, but it is not what was noted before.",
    "ends": "The trail ends at number {number}; later entries were noted before.",
    "loose": "After number {number} an entry stands outside the chain.",
}
_NOTED = re.compile(r"(\d{1,18}):([0-9a-f]{64})", re.ASCII)


@click.group()
def audit() -> None:
    """The trail of who looked at whom and why."""


@audit.command()
@click.option("--known", help="Number and hash that an earlier check has printed: NUMBER:HASH.")
@plain_errors
def check(known: str | None) -> None:
    """Prove the chain of the trail; the exit code is 1 when it is broken.

    Keep what it prints somewhere else: with --known it then shows that the end was cut off, or
    that all was written anew.
    """
    noted = _noted(known) if known else None
    database = Database.from_settings(load(Settings))
    try:
        with database.reading() as session:
            proof = prove(session, noted)
    finally:
        database.dispose()
    _show(proof)


def _show(proof: Proof) -> None:
    if proof.wrong:
        click.echo(WRONG[proof.wrong].format(number=proof.number))
        sys.exit(1)
    click.echo(f"Whole, {proof.number} entries.")
    if proof.number:
        click.echo(f"{proof.number}:{proof.hash.hex()}")


def _noted(text: str) -> tuple[int, bytes]:
    found = _NOTED.fullmatch(text.strip().lower())
    if found is None:
        raise click.ClickException("--known is a number, a colon and 64 hexadecimal digits.")
    return int(found[1]), bytes.fromhex(found[2])
