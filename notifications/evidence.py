"""What was sent about an account, to whom, when, by whom and in which words."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications.models import Message, Notice

MOST_NOTICES = 100


def about(session: Session, account_no: str, limit: int = 12) -> list[Message]:
    """The newest messages that carry a notice about an account, whatever became of them."""
    notices = session.scalars(
        select(Notice.id)
        .where(Notice.account_no == account_no)
        .order_by(Notice.id.desc())
        .limit(MOST_NOTICES)
    ).all()
    if not notices:
        return []
    carries = Message.notice_ids.overlap(notices)
    query = select(Message).where(carries).order_by(Message.id.desc()).limit(limit)
    return list(session.scalars(query))
