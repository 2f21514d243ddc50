"""The room itself, and the list: accounts in arrears by age, the longest first."""

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from portal.staff.arrears import telling
from portal.staff.classes import CLASSES
from portal.staff.frame import FINANCE, desk
from runtime import clock
from service.disconnections import arrears, showing
from service.disconnections.arrears import Aged, Mark, Page, Wanted
from service.disconnections.models import Disconnection

blueprint = desk("arrears", __name__, _l("欠费"), FINANCE, icon="purse")

TOLD_FOR = timedelta(days=7)
"""So long the list says which plans came to nothing because something was not in time."""


@dataclass(frozen=True)
class Sheet:
    """A page of the list."""

    wanted: Wanted
    after: Mark | None

    @cached_property
    def page(self) -> Page:
        return arrears.page(g.session, self.wanted, self.after)

    @cached_property
    def ages(self) -> dict[str, Aged]:
        return arrears.ages(g.session, self.wanted)

    @cached_property
    def failed(self) -> list[Disconnection]:
        return showing.called_off_lately(g.session, clock.now() - TOLD_FOR)

    def to(self, **changed: str) -> str:
        """The address of the list, narrowed differently, from its beginning."""
        return url_for(".index", **replace(self.wanted, **changed).kept)

    def on(self, mark: Mark | None) -> str:
        """The address of another page of it."""
        return url_for(".index", after=mark, **self.wanted.kept)


@blueprint.get("")
def index() -> ResponseReturnValue:
    """Fifty accounts in arrears, and how much is owed for how long."""
    sheet = Sheet(Wanted.of(request.args), _after())
    return render_template(
        "staff/arrears/index.html", sheet=sheet, tell=telling, classes=CLASSES, of=arrears
    )


@blueprint.get("/choose")
def choose() -> ResponseReturnValue:
    """The form above the list leads here, so that its address stays short."""
    return redirect(url_for(".index", **Wanted.of(request.args).kept), 303)


def _after() -> Mark | None:
    try:
        return Mark.read(request.args["after"]) if "after" in request.args else None
    except ValueError:
        return None
