"""The course of a campaign: written, asked for, approved, then at its hour until all are told.

draft -> asked -> scheduled -> running -> done, with paused and stopped on the way. Nobody sends to
many alone: what is asked for waits for a second person (`service.approvals`).
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from notifications import notices
from notifications.campaigns.estimating import Estimate
from notifications.campaigns.models import (
    ASKED,
    DONE,
    DRAFT,
    PAUSED,
    RUNNING,
    SCHEDULED,
    STOPPED,
    Campaign,
)
from notifications.campaigns.segments import Criteria
from notifications.kinds import kind
from notifications.models import WAITING, Notice
from runtime import clock
from runtime.errors import Conflict, Forbidden, NotFound, Refused
from service import approvals
from service.events import ActionApproved, ActionDeclined
from service.people import users

APPROVAL = "campaign"
APPROVERS = ("lead", "admin")
"""Whose word sends a campaign."""
KINDS = ("bill.campaign", "usage.campaign", "arrears.campaign", "news.campaign")
LANGUAGES = ("zh", "en")
LONGEST_TITLE, LONGEST_TEXT, LONGEST_NAME = 20, 120, 60
MOST_PER_MINUTE = 6000
HELD = datetime(9999, 1, 1, tzinfo=UTC)
"""While a campaign stands still, nobody is told before then."""


class Plan(msgspec.Struct, frozen=True):
    """A campaign as the desk writes it; `words` are `{language: {title, text}}`."""

    name: str
    kind: str
    criteria: Criteria
    words: dict[str, dict[str, str]]
    link: str
    starts_at: datetime
    per_minute: int


def write(session: Session, plan: Plan, *, by: int) -> Campaign:
    """A new draft. Raises the refusals of `_check`."""
    _check(plan)
    campaign = Campaign(created_by=by, **_columns(plan))
    session.add(campaign)
    session.flush()
    return campaign


def rewrite(session: Session, campaign_id: int, plan: Plan) -> Campaign:
    """Change a draft. Raises the refusals of `_check`, NotFound, Conflict("campaign.state")."""
    _check(plan)
    campaign = _locked(session, campaign_id, DRAFT)
    for name, value in _columns(plan).items():
        setattr(campaign, name, value)
    return campaign


def ask(
    session: Session, campaign_id: int, estimate: Estimate, reason: str, *, by: int
) -> Campaign:
    """Ask a second person for leave. Raises NotFound, Conflict, Refused("campaign.nobody")."""
    campaign = _locked(session, campaign_id, DRAFT)
    if not estimate.people:
        raise Refused("campaign.nobody")
    campaign.state, campaign.estimate = ASKED, msgspec.to_builtins(estimate)
    params = {"name": campaign.name, "people": estimate.people, "cost_fen": estimate.cost_fen}
    approvals.ask(session, APPROVAL, str(campaign_id), params, reason, by=by)
    return campaign


def on_approved(session: Session, event: ActionApproved) -> None:
    """It goes out at its hour, or now when that is over. Raises Forbidden("approval.role")."""
    if event.kind == APPROVAL:
        if users.get_user(session, event.decided_by).staff_role not in APPROVERS:
            raise Forbidden("approval.role")
        _locked(session, int(event.subject), ASKED).state = SCHEDULED


def on_declined(session: Session, event: ActionDeclined) -> None:
    """It is a draft again."""
    if event.kind == APPROVAL:
        _locked(session, int(event.subject), ASKED).state = DRAFT


def pause(session: Session, campaign_id: int) -> Campaign:
    """Tell nobody more for now, not even who is next. Raises NotFound, Conflict."""
    campaign = _locked(session, campaign_id, SCHEDULED, RUNNING)
    campaign.state = PAUSED
    notices.hold(session, Notice.campaign_id == campaign_id, until=HELD)
    return campaign


def resume(session: Session, campaign_id: int) -> Campaign:
    """Go on where it stopped. Raises NotFound, Conflict."""
    campaign = _locked(session, campaign_id, PAUSED)
    campaign.state, now = SCHEDULED if campaign.began_at is None else RUNNING, clock.now()
    until = now + timedelta(hours=kind(campaign.kind).expires_hours)
    _set_waiting(session, campaign_id, {"not_before": now, "expires_at": until})
    notices.ask_to_compose(session)
    return campaign


def stop(session: Session, campaign_id: int) -> Campaign:
    """End it for good; who is not told yet will not be. Raises NotFound, Conflict."""
    campaign = _locked(session, campaign_id, SCHEDULED, RUNNING, PAUSED, DONE)
    campaign.state, campaign.ended_at = STOPPED, clock.now()
    notices.withdraw(session, Notice.campaign_id == campaign_id, reason="campaign_stopped")
    return campaign


def finish(campaign: Campaign) -> None:
    """All are told, or will be by what waits."""
    campaign.state, campaign.ended_at = DONE, clock.now()


def campaign(session: Session, campaign_id: int) -> Campaign:
    """Raises NotFound("campaign.not_found")."""
    found = session.get(Campaign, campaign_id)
    if found is None:
        raise NotFound("campaign.not_found")
    return found


def campaigns(session: Session, *, before: int | None = None, limit: int = 30) -> list[Campaign]:
    """The newest first, and one more than `limit` when there are more."""
    query = select(Campaign).order_by(Campaign.id.desc()).limit(limit + 1)
    return list(session.scalars(query if before is None else query.where(Campaign.id < before)))


def _check(plan: Plan) -> None:
    """Refused: campaign.no_name, .kind, .no_words (language), .words_long, .pace, .link."""
    if not plan.name.strip():
        raise Refused("campaign.no_name")
    if plan.kind not in KINDS:
        raise Refused("campaign.kind")
    for language in LANGUAGES:
        _check_words(plan.words.get(language, {}), language)
    if not 0 < plan.per_minute <= MOST_PER_MINUTE:
        raise Refused("campaign.pace", most=MOST_PER_MINUTE)
    if plan.link and not plan.link.startswith("/"):
        raise Refused("campaign.link")


def _check_words(words: Mapping[str, str], language: str) -> None:
    title, text = words.get("title", "").strip(), words.get("text", "").strip()
    if not title or not text:
        raise Refused("campaign.no_words", language=language)
    # English takes about twice the letters for the same.
    longer = 2 if language == "en" else 1
    if len(title) > LONGEST_TITLE * longer or len(text) > LONGEST_TEXT * longer:
        raise Refused("campaign.words_long", title=LONGEST_TITLE, text=LONGEST_TEXT)


def _columns(plan: Plan) -> dict[str, Any]:
    known = msgspec.structs.asdict(plan)
    return known | {
        "name": plan.name.strip()[:LONGEST_NAME],
        "criteria": msgspec.to_builtins(plan.criteria),
    }


def _locked(session: Session, campaign_id: int, *states: str) -> Campaign:
    """The campaign under lock, in one of these states. Raises NotFound, Conflict."""
    found = session.get(Campaign, campaign_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("campaign.not_found")
    if found.state not in states:
        raise Conflict("campaign.state", state=found.state)
    return found


def _set_waiting(session: Session, campaign_id: int, values: Mapping[str, datetime]) -> None:
    session.execute(
        update(Notice)
        .where(Notice.campaign_id == campaign_id, Notice.state == WAITING)
        .values(values)
        .execution_options(synchronize_session=False)
    )


def of_states(states: Collection[str]) -> ColumnElement[bool]:
    """For a query: campaigns in one of these states."""
    return Campaign.state.in_(states)
