"""Writing a campaign, and asking for leave."""

from datetime import datetime, timedelta

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from notifications.campaigns import course, segments, trying
from notifications.campaigns.estimating import Estimate, estimate
from notifications.campaigns.models import DRAFT, Campaign
from portal.forms import form_page
from portal.security import asker_id
from portal.staff.campaigns.forms import (
    CampaignForm,
    campaign_form,
    of_campaign,
    of_criteria,
    plan,
)
from portal.staff.campaigns.room import KINDS, STATES, TONES, WHO_GETS, blueprint
from portal.staff.frame import done
from runtime import clock
from runtime.errors import Conflict, Refused

MOST_REASON = 200
PER_MINUTE = 600
PAGE = 30


@blueprint.get("")
def index() -> str:
    """All campaigns, the newest first."""
    before = request.args.get("before", type=int)
    found = course.campaigns(g.session, before=before, limit=PAGE)
    return render_template(
        "staff/campaigns/index.html",
        campaigns=found[:PAGE],
        more=found[PAGE - 1].id if len(found) > PAGE else None,
        kinds=KINDS,
        states=STATES,
        tones=TONES,
    )


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    """A new one; `segment` fills in a query that is kept."""
    given = {"per_minute": PER_MINUTE, "starts_at": _next_morning()}
    if number := request.args.get("segment", type=int):
        kept = segments.segment(g.session, number)
        given |= of_criteria(segments.criteria_of(kept.criteria))
    return _form(None, given)


@blueprint.route("/<int:campaign_id>/edit", methods=["GET", "POST"])
def edit(campaign_id: int) -> ResponseReturnValue:
    """Change a draft."""
    campaign = course.campaign(g.session, campaign_id)
    if campaign.state != DRAFT:
        raise Conflict("campaign.state", state=campaign.state)
    return _form(campaign, of_campaign(campaign))


@blueprint.post("/<int:campaign_id>/ask")
def ask(campaign_id: int) -> ResponseReturnValue:
    """Ask a second person, with what it will take as of now."""
    here, reason = _page(campaign_id), request.form.get("reason", "").strip()[:MOST_REASON]
    if not reason:
        flash(_("写一句为什么要发。"), "bad")
        return redirect(here, 303)
    found = course.campaign(g.session, campaign_id)
    return done(
        lambda: course.ask(g.session, campaign_id, estimated(found), reason, by=asker_id()),
        here,
        _("报上去了，另一位班长或管理员批了才发。"),
        here,
    )


@blueprint.post("/<int:campaign_id>/try")
def try_out(campaign_id: int) -> ResponseReturnValue:
    """Send it to oneself."""
    here = _page(campaign_id)
    return done(
        lambda: trying.try_out(g.session, campaign_id, asker_id()),
        here,
        _("发给您自己了，按您自己的提醒设置走。"),
        here,
    )


def estimated(campaign: Campaign) -> Estimate:
    """What a campaign would take if it went out now."""
    return estimate(
        g.session,
        segments.criteria_of(campaign.criteria),
        campaign.kind,
        campaign.words,
        campaign.link,
        campaign.per_minute,
    )


def _form(campaign: Campaign | None, given: dict[str, object]) -> ResponseReturnValue:
    form = campaign_form(g.session, **given)
    if form.validate_on_submit():
        try:
            return redirect(_page(_written(campaign, form).id), 303)
        except Refused as refusal:
            form.refuse(refusal)
    return form_page(
        "staff/campaigns/form.html",
        form,
        campaign=campaign,
        kept=segments.segments(g.session),
        who_gets=WHO_GETS,
    )


def _written(campaign: Campaign | None, form: CampaignForm) -> Campaign:
    wanted = plan(g.session, form)
    if campaign is None:
        return course.write(g.session, wanted, by=asker_id())
    return course.rewrite(g.session, campaign.id, wanted)


def _page(campaign_id: int) -> str:
    return url_for("desk_campaigns.show", campaign_id=campaign_id)


def _next_morning() -> datetime:
    """Ten o'clock of the next working day: an hour at which nobody minds."""
    day = clock.add_working_days(clock.today(), 1)
    return clock.civil_midnight(day).astimezone(clock.BEIJING) + timedelta(hours=10)
