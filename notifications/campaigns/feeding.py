"""Each minute the next people of every campaign that runs, as many as its pace allows."""

from sqlalchemy import Text, cast, func, literal, null, select
from sqlalchemy.orm import Session

from notifications import notices
from notifications.campaigns import course, segments
from notifications.campaigns.models import RUNNING, SCHEDULED, Campaign
from notifications.models import Notice
from runtime import clock


def begin_due(session: Session) -> None:
    """Campaigns whose hour has come begin."""
    due = course.of_states([SCHEDULED])
    query = select(Campaign).where(due, Campaign.starts_at <= clock.now()).with_for_update()
    for each in session.scalars(query):
        each.state, each.began_at = RUNNING, clock.now()


def running(session: Session) -> list[int]:
    """The ids of those that run."""
    return list(session.scalars(select(Campaign.id).where(course.of_states([RUNNING]))))


def feed(session: Session, campaign_id: int) -> int:
    """Tell the next people of a campaign; returns how many. The last ones end it.

    Where it stands is written with the notices, so a minute that is run twice tells nobody twice.
    """
    campaign = session.get(Campaign, campaign_id, with_for_update=True, populate_existing=True)
    if campaign is None or campaign.state != RUNNING:
        return 0
    criteria = segments.criteria_of(campaign.criteria)
    everybody = segments.people(criteria, campaign.kind).subquery()
    following = (
        select(everybody.c.user_id)
        .where(everybody.c.user_id > campaign.last_user_id)
        .order_by(everybody.c.user_id)
        .limit(campaign.per_minute)
        .subquery()
    )
    last = session.scalar(select(func.max(following.c.user_id)))
    if last is None:
        course.finish(campaign)
        return 0
    key = cast(literal(f"campaign:{campaign_id}"), Text).label("key")
    nowhere = cast(null(), Notice.account_no.type).label("account_no")
    told = notices.tell_all(
        session,
        campaign.kind,
        select(key, following.c.user_id, nowhere).subquery(),
        params={"campaign": campaign_id},
        campaign_id=campaign_id,
    )
    campaign.last_user_id, campaign.people = last, campaign.people + told
    return told
