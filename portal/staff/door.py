"""`/desk`: where the utility's own people begin."""

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal.access import signed_in_only
from portal.navigation import home
from portal.staff.frame import rooms

blueprint = signed_in_only(Blueprint("desk", __name__, url_prefix="/desk"))


@blueprint.get("")
def index() -> ResponseReturnValue:
    """On to the first room of the role; a customer goes home, a role without rooms reads why."""
    if not current_user.staff_role or rooms(current_user.staff_role):
        return redirect(home(), 303)
    return render_template("sign_in/staff.html"), 403
