"""Ways of looking at the queue that somebody keeps under names of their own."""

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime.errors import Conflict, NotFound, Refused
from service.desk.models import QueueFilter
from service.desk.queue import Wanted
from service.requests.fields import visible

LONGEST_NAME = 24
MOST_KEPT = 12


def kept(session: Session, user_id: int) -> list[QueueFilter]:
    """What somebody has kept, by name."""
    query = select(QueueFilter).where(QueueFilter.user_id == user_id)
    return list(session.scalars(query.order_by(QueueFilter.name)))


def keep(session: Session, user_id: int, name: str, wanted: Wanted) -> None:
    """Keep a view of the queue; the same name again says it anew.

    Raises Refused("desk.filter_name") without a name, Conflict("desk.filters_full").
    """
    called = visible(name).replace("\n", " ")[:LONGEST_NAME].strip()
    if not called:
        raise Refused("desk.filter_name")
    others = select(func.count()).where(QueueFilter.user_id == user_id, QueueFilter.name != called)
    if session.scalars(others).one() >= MOST_KEPT:
        raise Conflict("desk.filters_full", most=MOST_KEPT)
    written = insert(QueueFilter).values(user_id=user_id, name=called, wanted=wanted.kept)
    session.execute(
        written.on_conflict_do_update(
            index_elements=["user_id", "name"], set_={"wanted": wanted.kept}
        )
    )


def drop(session: Session, user_id: int, filter_id: int) -> None:
    """Forget one of one's own. Raises NotFound("desk.filter_not_found")."""
    own = (QueueFilter.id == filter_id) & (QueueFilter.user_id == user_id)
    gone = session.scalars(delete(QueueFilter).where(own).returning(QueueFilter.id))
    if gone.one_or_none() is None:
        raise NotFound("desk.filter_not_found")
