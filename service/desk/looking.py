"""Who else has a request open, so that two do not do the same."""

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime import clock
from service.desk.models import RequestLook
from service.models import User
from service.requests.models import Request

FOR = timedelta(seconds=60)
"""A look that is not renewed is over; pages renew theirs several times in between."""


def look(session: Session, request: Request, user_id: int) -> None:
    """Somebody has this request on their screen now."""
    now = clock.now()
    session.execute(
        delete(RequestLook).where(RequestLook.user_id == user_id, RequestLook.at < now - FOR)
    )
    written = insert(RequestLook).values(user_id=user_id, request_id=request.id, at=now)
    session.execute(
        written.on_conflict_do_update(index_elements=["user_id", "request_id"], set_={"at": now})
    )


def others(session: Session, request: Request, user_id: int) -> list[User]:
    """Colleagues who have it open too."""
    query = (
        select(User)
        .join(RequestLook, RequestLook.user_id == User.id)
        .where(
            RequestLook.request_id == request.id,
            RequestLook.user_id != user_id,
            RequestLook.at >= clock.now() - FOR,
        )
        .order_by(RequestLook.at)
    )
    return list(session.scalars(query))
