"""A campaign sent to whoever writes it, before anybody else reads it."""

from uuid import uuid4

from sqlalchemy.orm import Session

from notifications import notices
from notifications.campaigns import course


def try_out(session: Session, campaign_id: int, user_id: int) -> None:
    """Send it to one's own channels; each try is a message of its own. Raises NotFound."""
    campaign = course.campaign(session, campaign_id)
    notices.tell(
        session,
        campaign.kind,
        key=f"campaign:{campaign_id}:try:{uuid4().hex}",
        user_id=user_id,
        params={"campaign": campaign_id},
    )
