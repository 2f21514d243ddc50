"""`/desk`: where the utility's own people begin."""

from flask import Blueprint, redirect
from flask.typing import ResponseReturnValue

from portal.access import signed_in_only
from portal.navigation import home

blueprint = signed_in_only(Blueprint("desk", __name__, url_prefix="/desk"))


@blueprint.get("")
def index() -> ResponseReturnValue:
    """On to the first room of the role; a customer goes home."""
    return redirect(home(), 303)
