"""The room itself, and what its pages ask: who is there, what was typed, which drawer is open."""

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from payments.counter import shifts
from payments.counter.models import Shift
from portal import words
from portal.errors import status_of
from portal.forms import fen_typed
from portal.pay import till
from portal.security import asker_id
from portal.staff.frame import COUNTER, FINANCE, desk
from runtime.errors import Refused

blueprint = desk("counter", __name__, _l("收银"), COUNTER, icon="purse")
blueprint.record_once(till.install)


def reach() -> int | None:
    """Whose shifts the asker may see: their own, or with None everybody's."""
    return None if current_user.staff_role in FINANCE else asker_id()


def my_shift() -> Shift | None:
    """The asker's open drawer."""
    return shifts.current(g.session, asker_id())


def typed_fen(name: str, *, empty: int | None = None) -> int:
    """An amount of the form in fen; `empty` is what an empty field means.

    Raises Refused("amount.malformed").
    """
    text = request.form.get(name, "").strip()
    if not text and empty is not None:
        return empty
    return fen_typed(text)


def page(template: str, refusal: Refused | None = None, **shown: object) -> ResponseReturnValue:
    """A page of the room; with a refusal it says why, in the status of the refusal."""
    said = words.refusal(refusal) if refusal else None
    status = status_of(refusal) if refusal else 200
    return render_template(f"staff/counter/{template}.html", said=said, **shown), status
