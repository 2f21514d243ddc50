"""`denghuo staff`: the first administrator of a house."""

import click

from runtime import crypto
from runtime.cli import plain_errors
from runtime.crypto import KeyRing
from runtime.database import Database
from runtime.errors import Refused
from runtime.settings import CryptoSettings, load
from service.people import staff as people

WHY = {
    "staff.has_admin": "There is an administrator already; others are made at /desk/people.",
    "staff.nameless": "Somebody new needs a name.",
    "user.phone_malformed": "A mobile number has eleven digits and begins with 1.",
}


@click.group()
def staff() -> None:
    """The utility's own people."""


@staff.command("first-admin")
@click.argument("phone")
@click.argument("name")
@plain_errors
def first_admin(phone: str, name: str) -> None:
    """Make the first administrator, who then gives all other roles in the browser."""
    settings = load(CryptoSettings)
    crypto.use_keys(KeyRing.from_settings(settings))
    database = Database.from_settings(settings)
    try:
        with database.unit_of_work() as session:
            password = people.first_admin(session, phone, name)
    except Refused as refusal:
        raise click.ClickException(WHY[refusal.code]) from None
    finally:
        database.dispose()
    click.echo("Done. The first sign-in asks for a code by SMS too.")
    if password:
        click.echo(f"Password, told this once: {password}")
