"""A firm uses far less than it did: finance and whoever leads hear of it."""

from sqlalchemy.orm import Session

from notifications import inbox
from service.events import UsageFell
from service.models import User

HEAR_IT = ("finance", "lead")


def on_fell(session: Session, event: UsageFell) -> None:
    """Once for each fall, in the inboxes of those who can ask the firm."""
    inbox.put_to_staff(
        session,
        User.staff_role.in_(HEAR_IT),
        f"fell:{event.account_no}:{event.day}",
        "desk.usage_fell",
        {
            "account": event.account_no,
            "today": f"{event.recent_wh / 1000:.0f}",
            "usual": f"{event.usual_wh / 1000:.0f}",
        },
    )
