"""What one member of staff asks for and another must approve before it is done.

One mechanism for every room: a room asks with a kind of its own and listens to `ActionApproved`
and `ActionDeclined` (wired in `denghuo.wiring`), which are published in the transaction of the
decision. That nobody approves what they asked for is a constraint of the database. Who asked and
who decided is in the trail, for every room alike.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    String,
    Text,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

import service.models  # noqa: F401 - approvals refer to the table of users
from runtime import clock, events
from runtime.database import Base
from runtime.errors import Conflict, Forbidden, NotFound
from service import audit
from service.events import ActionApproved, ActionDeclined

ASKED, APPROVED, DECLINED = "approval.asked", "approval.approved", "approval.declined"
WITHDRAWN = "approval.withdrawn"
"""Deeds in the trail."""
LEAST_NUMBER = 8
"""So many digits a number has that says by itself what it is of."""


class Approval(Base):
    """A question to a second person, and the answer. A trigger keeps both as they were written."""

    __tablename__ = "approval"
    __table_args__ = (
        CheckConstraint("status in ('asked', 'approved', 'declined', 'withdrawn')", name="status"),
        CheckConstraint(
            "(status = 'asked') = (decided_by is null)"
            " and (status = 'asked') = (decided_at is null)",
            name="decided",
        ),
        CheckConstraint(
            "status not in ('approved', 'declined') or decided_by <> asked_by", name="second_person"
        ),
        CheckConstraint("status <> 'withdrawn' or decided_by = asked_by", name="own_withdrawal"),
        Index(
            "uq_approval_asked",
            "kind",
            "subject",
            unique=True,
            postgresql_where=text("status = 'asked'"),
        ),
        Index("ix_approval_subject", "subject"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(80))
    params: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reason: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    status: Mapped[str] = mapped_column(String(10), default="asked")
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None]
    decision_note: Mapped[str | None] = mapped_column(Text)


def ask(
    session: Session,
    kind: str,
    subject: str,
    params: dict[str, Any],
    reason: str,
    *,
    by: int,
    deed: str = ASKED,
    about: str = "",
) -> Approval:
    """Ask for a second person. Raises Conflict("approval.asked") while the same one waits.

    `deed` and `about` are the room's own for the trail, where it has any.
    """
    question = {
        "kind": kind,
        "subject": subject,
        "params": params,
        "reason": reason,
        "asked_by": by,
        "asked_at": clock.now(),
        "status": "asked",
    }
    written = session.scalars(
        insert(Approval)
        .values(question)
        .on_conflict_do_nothing(
            index_elements=["kind", "subject"], index_where=text("status = 'asked'")
        )
        .returning(Approval)
    ).one_or_none()
    if written is None:
        raise Conflict("approval.asked", subject=subject)
    _record(session, written, deed, by, reason, about)
    return written


def approve(session: Session, approval_id: int, *, by: int, note: str = "") -> Approval:
    """Say yes; what was asked for happens in this transaction or is deferred in it.

    Raises NotFound("approval.not_found"), Conflict("approval.decided"),
    Forbidden("approval.own"), and what a listener raises: then nothing is decided.
    """
    with session.begin_nested():
        approval = _second_person(session, approval_id, by)
        _decide(approval, "approved", by, note)
        session.flush()
        _record(session, approval, APPROVED, by, note)
        events.publish(session, ActionApproved(**_told(approval)))
    return approval


def decline(session: Session, approval_id: int, note: str, *, by: int) -> Approval:
    """Say no, with a note for whoever asked. Raises what `approve` raises."""
    with session.begin_nested():
        approval = _second_person(session, approval_id, by)
        _decide(approval, "declined", by, note)
        session.flush()
        _record(session, approval, DECLINED, by, note)
        events.publish(session, ActionDeclined(**_told(approval), note=note))
    return approval


def withdraw(session: Session, approval_id: int, *, by: int) -> Approval:
    """Take back one's own question. Raises NotFound, Conflict, Forbidden("approval.not_own").

    The rooms hear of it as of a declined one, without a note.
    """
    with session.begin_nested():
        approval = _asked(session, approval_id)
        if approval.asked_by != by:
            raise Forbidden("approval.not_own")
        _decide(approval, "withdrawn", by, "")
        session.flush()
        _record(session, approval, WITHDRAWN, by, "")
        events.publish(session, ActionDeclined(**_told(approval), note=""))
    return approval


def waiting(session: Session, kinds: Collection[str] | None = None) -> list[Approval]:
    """What waits for a decision, the oldest first; of these kinds, or of every kind."""
    asked = select(Approval).where(Approval.status == "asked")
    if kinds is not None:
        asked = asked.where(Approval.kind.in_(kinds))
    return list(session.scalars(asked.order_by(Approval.asked_at, Approval.id)))


def one(session: Session, approval_id: int) -> Approval:
    """Raises NotFound("approval.not_found")."""
    found = session.get(Approval, approval_id)
    if found is None:
        raise NotFound("approval.not_found")
    return found


def about(session: Session, subjects: Collection[str], kinds: Collection[str]) -> list[Approval]:
    """What was asked of these subjects, decided or not, the newest first."""
    asked = select(Approval).where(Approval.subject.in_(subjects), Approval.kind.in_(kinds))
    return list(session.scalars(asked.order_by(Approval.id.desc())))


def _second_person(session: Session, approval_id: int, by: int) -> Approval:
    approval = _asked(session, approval_id)
    if approval.asked_by == by:
        raise Forbidden("approval.own")
    return approval


def _asked(session: Session, approval_id: int) -> Approval:
    """The approval under lock, undecided. Raises NotFound, Conflict."""
    approval = session.get(Approval, approval_id, with_for_update=True, populate_existing=True)
    if approval is None:
        raise NotFound("approval.not_found")
    if approval.status != "asked":
        raise Conflict("approval.decided", status=approval.status)
    return approval


def _decide(approval: Approval, status: str, by: int, note: str) -> None:
    approval.status, approval.decided_by, approval.decided_at = status, by, clock.now()
    approval.decision_note = note or None


def _record(
    session: Session, approval: Approval, deed: str, by: int, reason: str, about: str = ""
) -> None:
    """Into the trail, under the account where it is about one."""
    audit.record(
        session,
        by=by,
        deed=deed,
        subject=approval.params.get("account_no") or _named(approval),
        reason=reason,
        about=about or f"approval {approval.id}",
    )


def _named(approval: Approval) -> str:
    """The subject as the trail has it; the bare number of a row says of what it is."""
    bare = approval.subject.isdigit() and len(approval.subject) < LEAST_NUMBER
    return f"{approval.kind} {approval.subject}" if bare else approval.subject


def _told(approval: Approval) -> dict[str, Any]:
    return {
        "approval_id": approval.id,
        "kind": approval.kind,
        "subject": approval.subject,
        "params": approval.params,
        "asked_by": approval.asked_by,
        "decided_by": approval.decided_by,
    }
