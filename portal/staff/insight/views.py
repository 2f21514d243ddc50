"""`/desk/insight`: who may pay late and why, and firms whose usage fell."""

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.security import asker_id
from portal.staff import trail
from portal.staff.frame import FINANCE, desk, done
from portal.staff.insight import saying
from service import audit
from service.insight import objecting, showing, warnings
from service.insight.rules import rules
from service.insight.showing import Mark, Wanted

ABOUT = "insight"
"""What the trail says a look at one account was for."""

blueprint = desk("insight", __name__, _l("预警"), FINANCE, icon="clock")


@blueprint.get("")
def index() -> ResponseReturnValue:
    """Warnings that nobody has seen, accounts by risk, and how well it is foretold."""
    wanted, after = _wanted(), _mark(request.args.get("after", ""))
    return render_template(
        "staff/insight/index.html",
        warned=[] if after else warnings.open_warnings(g.session),
        most_warned=warnings.SHOWN,
        standing=showing.standing(g.session),
        bands=showing.bands(g.session),
        page=showing.page(g.session, wanted, after),
        wanted=wanted,
        later=after is not None,
        to=_address,
        saying=saying,
        rules=rules(),
        most_note=warnings.MOST_NOTE,
    )


@blueprint.get("/<account_no>")
def show(account_no: str) -> ResponseReturnValue:
    """One account and why; that it was looked at stands in the trail."""
    found = showing.explained(g.session, account_no)
    trail.seen(account_no, "", ABOUT)
    return render_template(
        "staff/insight/show.html",
        found=found,
        saying=saying,
        standing=showing.standing(g.session),
        most_reason=audit.MOST_REASON,
    )


@blueprint.post("/<account_no>/objection")
def stop(account_no: str) -> ResponseReturnValue:
    """The customer does not want to be estimated."""
    here, reason = url_for(".show", account_no=account_no), request.form.get("reason", "")
    return done(
        lambda: objecting.take_objection(g.session, account_no, reason, by=asker_id()),
        here,
        _("记下了，这一户不再估。"),
        here,
    )


@blueprint.post("/<account_no>/objection/end")
def resume(account_no: str) -> ResponseReturnValue:
    """The customer has changed their mind."""
    here, reason = url_for(".show", account_no=account_no), request.form.get("reason", "")
    return done(
        lambda: objecting.end_objection(g.session, account_no, reason, by=asker_id()),
        here,
        _("记下了，今晚起再估。"),
        here,
    )


@blueprint.post("/warnings/<int:warning_id>")
def mark_seen(warning_id: int) -> ResponseReturnValue:
    """Say what is known of a fall; its warning leaves the list."""
    here, note = url_for(".index"), request.form.get("note", "")
    return done(
        lambda: warnings.mark_seen(g.session, warning_id, note, by=asker_id()),
        here,
        _("记下了。"),
        here,
    )


def _wanted() -> Wanted:
    """What the address asks for; what cannot be read is not asked for."""
    band = request.args.get("band", "")
    return Wanted(band if band in saying.BANDS else "", request.args.get("owing") == "yes")


def _mark(text: str) -> Mark | None:
    try:
        return Mark.read(text) if text else None
    except ValueError:
        return None


def _address(wanted: Wanted, after: Mark | None = None) -> str:
    """The list as it is wanted, from a mark on."""
    return url_for(
        ".index",
        band=wanted.band or None,
        owing="yes" if wanted.owing else None,
        after=str(after) if after else None,
    )
