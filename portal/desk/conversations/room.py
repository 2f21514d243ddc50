"""The room itself, and what its pages ask: who is there, and how a deed went."""

from collections.abc import Callable

from flask import flash, redirect
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from portal import words
from portal.desk.frame import desk
from portal.security import asker_id
from runtime.errors import NotFound, Refused

STAFF = ("agent", "lead", "admin")
LEADS = ("lead", "admin")

blueprint = desk("conversations", __name__, _l("客户对话"), STAFF, icon="talk")


def leads() -> bool:
    """Whether the asker leads others, and sees their talks."""
    return current_user.staff_role in LEADS


def reach() -> int | None:
    """Whose talks and calls the asker may see: their own, or with None everybody's."""
    return None if leads() else asker_id()


def done(deed: Callable[[], object], way_on: str, said: str, way_back: str) -> ResponseReturnValue:
    """Do it and go on, or say why not and go back. Raises NotFound."""
    try:
        deed()
    except NotFound:
        raise
    except Refused as refusal:
        flash(words.refusal(refusal), "bad")
        return redirect(way_back, 303)
    if said:
        flash(said)
    return redirect(way_on, 303)
