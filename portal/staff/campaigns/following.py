"""A campaign on its way: what it takes, how far it is, pausing and stopping, what came of it."""

from collections.abc import Iterator

from flask import Response, g, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from notifications.campaigns import course
from notifications.campaigns.models import DRAFT, Campaign
from notifications.campaigns.results import Outcome, outcomes, results
from portal.files import CSV, attachment, csv_lines
from portal.formats import full_moment
from portal.staff import trail
from portal.staff.campaigns.forms import BANDS, PAGES, tariff_names
from portal.staff.campaigns.room import CHANNELS, KINDS, STATES, TONES, WHO_GETS, blueprint
from portal.staff.campaigns.writing import MOST_REASON, estimated
from portal.staff.classes import CLASSES
from portal.staff.frame import done
from portal.staff.reasons import why
from service import approvals

LIVE = frozenset({"scheduled", "running", "paused"})
ACTS = {
    "pause": (course.pause, _l("停下来了，没发的先不发。")),
    "resume": (course.resume, _l("接着发了。")),
    "stop": (course.stop, _l("停了，没发的不会再发。")),
}
OUTCOMES = {
    "waiting": _l("还没发"),
    "composed": _l("正要发"),
    "told": _l("发了"),
    "withdrawn": _l("撤回了"),
    "expired": _l("过时了，没发"),
    "failed": _l("发不到"),
}


@blueprint.get("/<int:campaign_id>")
def show(campaign_id: int) -> str:
    """The whole of it; what a draft would take is reckoned anew."""
    campaign = course.campaign(g.session, campaign_id)
    return render_template(
        "staff/campaigns/show.html",
        asked=approvals.about(g.session, [str(campaign_id)], [course.APPROVAL]),
        most_reason=MOST_REASON,
        classes=CLASSES,
        bands=BANDS,
        tariffs=tariff_names(campaign.criteria.get("tariffs", ())),
        pages=PAGES,
        who_gets=WHO_GETS,
        **_standing(campaign),
    )


@blueprint.get("/<int:campaign_id>/progress")
def progress(campaign_id: int) -> Response:
    """The part that changes while it runs; in another state than was seen, the page is drawn anew.

    What can be done about a campaign depends on its state, and stands outside of this part.
    """
    campaign = course.campaign(g.session, campaign_id)
    if request.args.get("seen") != campaign.state:
        return Response(headers={"HX-Refresh": "true"})
    return Response(render_template("staff/campaigns/_progress.html", **_standing(campaign)))


@blueprint.post("/<int:campaign_id>/<any(pause, resume, stop):deed>")
def act(campaign_id: int, deed: str) -> ResponseReturnValue:
    """Let it stand, go on, or end it."""
    here, (run, said) = url_for(".show", campaign_id=campaign_id), ACTS[deed]

    def acted() -> None:
        run(g.session, campaign_id)
        trail.did(f"campaign.{deed}", f"campaign {campaign_id}", _("群发"))

    return done(acted, here, str(said), here)


@blueprint.get("/<int:campaign_id>/outcomes.csv")
def outcomes_csv(campaign_id: int) -> Response:
    """A row for each person, without names or numbers, written as it is read."""
    course.campaign(g.session, campaign_id)
    trail.seen(f"campaign {campaign_id}", _("取群发结果"))
    lines = stream_with_context(csv_lines(_rows(campaign_id)))
    return attachment(lines, CSV, f"campaign-{campaign_id}.csv")


def _standing(campaign: Campaign) -> dict[str, object]:
    found = results(g.session, campaign.id)
    return {
        "campaign": campaign,
        "estimate": estimated(campaign) if campaign.state == DRAFT else None,
        "known": campaign.estimate,
        "results": found,
        "live": campaign.state in LIVE,
        "kinds": KINDS,
        "states": STATES,
        "tones": TONES,
        "channels": CHANNELS,
    }


def _rows(campaign_id: int) -> Iterator[tuple[str, ...]]:
    yield _("编号"), _("结果"), _("原因"), _("用什么"), _("发出去了"), _("送达"), _("短信条数")
    yield from map(_row, outcomes(g.session, campaign_id))


def _row(each: Outcome) -> tuple[str, ...]:
    channel = str(CHANNELS[each.channel]) if each.channel else ""
    times = [full_moment(at) if at else "" for at in (each.sent_at, each.delivered_at)]
    ended = str(OUTCOMES[each.state])
    return (
        str(each.notice_id),
        ended,
        why(each.reason) if each.reason else "",
        channel,
        *times,
        str(each.segments or ""),
    )
