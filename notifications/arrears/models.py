"""Tables of the reminders: what each day's run did, and when all of them were paused."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

import notifications.models  # noqa: F401 - a run counts notices
import service.models  # noqa: F401 - whoever pauses is a user
from runtime.database import Base

RUNNING, PAUSED, DONE = "running", "paused", "done"


class ReminderRun(Base):
    """The reminders of a civil day, and of the days after `since` that had none.

    It goes through the accounts in the order of their numbers, a piece in a transaction: `reached`
    is the last of the newest piece, so that a run that was killed goes on behind it. `counts` are
    accounts by class and kind, `ahead` the same of the days to come, by day, as they stood when it
    ended. Its notices have numbers above `above_id`, up to `last_id` once it is done.
    """

    __tablename__ = "reminder_run"
    __table_args__ = (CheckConstraint("state in ('running', 'paused', 'done')", name="state"),)

    day: Mapped[date] = mapped_column(primary_key=True)
    since: Mapped[date]
    state: Mapped[str] = mapped_column(String(8), default=RUNNING)
    reached: Mapped[str] = mapped_column(String(12), default="", server_default="")
    pieces: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    notices: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    ahead: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    above_id: Mapped[int] = mapped_column(BigInteger)
    last_id: Mapped[int | None] = mapped_column(BigInteger)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class ReminderPause(Base):
    """While a row has no end, no reminder is made and none that waits is sent."""

    __tablename__ = "reminder_pause"
    __table_args__ = (
        CheckConstraint("(ended_at is null) = (ended_by is null)", name="ended"),
        Index(
            "uq_reminder_pause_open",
            text("(ended_at is null)"),
            unique=True,
            postgresql_where=text("ended_at is null"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    reason: Mapped[str] = mapped_column(String(200))
    by: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime]
    withdrawn: Mapped[int] = mapped_column(Integer)
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None]
