"""A queue as a file: at once while it is short and names nobody, else when a second person agrees.

What is agreed to is the question (which queue, with whose data), for a day and for whoever asked;
the rows are those of the moment at which the file is fetched. Nothing is kept on disk.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime import clock
from runtime.errors import NotFound, Refused
from service import approvals
from service.approvals import Approval
from service.desk import queue
from service.desk.queue import Item, Mark, Wanted

KIND = "export_queue"
SHORT = 100
"""Rows up to which a file without personal data needs nobody else."""
MOST = 10_000
GOOD_FOR = timedelta(hours=24)
MOST_LISTED = 10
MOST_REASON = 200
_AT_ONCE = 500


@dataclass(frozen=True)
class Export:
    """What is to be written down: a queue as `me` sees it; `personal` names people and places."""

    wanted: Wanted
    personal: bool
    me: int

    @classmethod
    def of(cls, approval: Approval) -> "Export":
        params: dict[str, Any] = approval.params
        return cls(Wanted.of(params["wanted"]), params["personal"], approval.asked_by)


def is_free(session: Session, export: Export) -> bool:
    """Whether nobody else has to agree."""
    if export.personal:
        return False
    return queue.how_many(session, export.wanted, export.me, SHORT) <= SHORT


def ask(session: Session, export: Export, reason: str) -> Approval:
    """Ask a second person for a file.

    Raises Refused("desk.reason_missing"), Refused("desk.export_too_long"), and
    Conflict("approval.asked") while another of one's own waits.
    """
    require_whole(session, export)
    why = " ".join(reason.split())[:MOST_REASON]
    if not why:
        raise Refused("desk.reason_missing")
    params = {"wanted": export.wanted.kept, "personal": export.personal}
    return approvals.ask(session, KIND, f"queue of {export.me}", params, why, by=export.me)


def require_whole(session: Session, export: Export) -> None:
    """A file holds all of a queue or is not made. Raises Refused("desk.export_too_long")."""
    if queue.how_many(session, export.wanted, export.me, MOST) > MOST:
        raise Refused("desk.export_too_long", most=MOST)


def asked(session: Session, me: int) -> list[Approval]:
    """One's own questions, the newest first."""
    query = select(Approval).where(Approval.kind == KIND, Approval.asked_by == me)
    return list(session.scalars(query.order_by(Approval.id.desc()).limit(MOST_LISTED)))


def is_good(approval: Approval) -> bool:
    """Whether its file can be fetched now."""
    at = approval.decided_at
    return approval.status == "approved" and at is not None and clock.now() - at < GOOD_FOR


def granted(session: Session, approval_id: int, me: int) -> Export:
    """What somebody may fetch who asked for it. Raises NotFound("approval.not_found")."""
    found = session.get(Approval, approval_id)
    if found is None or found.kind != KIND or found.asked_by != me or not is_good(found):
        raise NotFound("approval.not_found")
    return Export.of(found)


def rows(session: Session, export: Export) -> Iterator[Item]:
    """The rows of the queue in its order. Raises as `require_whole` does."""
    require_whole(session, export)
    after: Mark | None = None
    while True:
        page = queue.page(session, export.wanted, export.me, after, _AT_ONCE)
        yield from page.items
        after = page.after
        if after is None:
            return
