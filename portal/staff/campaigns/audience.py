"""Queries over customers that are kept for campaigns."""

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from notifications.campaigns import course, segments
from portal.security import asker_id
from portal.staff.campaigns.room import blueprint
from portal.staff.frame import done


@blueprint.post("/<int:campaign_id>/keep")
def keep(campaign_id: int) -> ResponseReturnValue:
    """Keep the query of a campaign under a name."""
    campaign = course.campaign(g.session, campaign_id)
    criteria = segments.criteria_of(campaign.criteria)
    here = url_for(".show", campaign_id=campaign_id)
    return done(
        lambda: segments.keep(g.session, request.form.get("name", ""), criteria, by=asker_id()),
        here,
        _("存好了，下次写群发可以直接选。"),
        here,
    )


@blueprint.post("/segments/<int:segment_id>/forget")
def forget(segment_id: int) -> ResponseReturnValue:
    """Keep a query no longer."""
    segments.forget(g.session, segment_id)
    return redirect(url_for(".new"), 303)
