"""Tables of campaigns, and of the queries that the desk keeps for them."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

import service.models  # noqa: F401 - campaigns refer to users
from runtime.database import Base

DRAFT, ASKED, SCHEDULED, RUNNING = "draft", "asked", "scheduled", "running"
PAUSED, STOPPED, DONE = "paused", "stopped", "done"


class Segment(Base):
    """A query over customers that the desk keeps; `criteria` is `segments.Criteria` as JSON."""

    __tablename__ = "campaign_segment"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    criteria: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_by: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Campaign(Base):
    """What many are told. `criteria` are its own, whatever becomes of the kept query.

    `words` are `{language: {title, text}}`. `last_user_id` is how far it has come: people are
    taken in the order of their ids, `per_minute` of them a minute; `people` counts them.
    `estimate` is what was known when it was asked for.
    """

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint(
            "state in ('draft', 'asked', 'scheduled', 'running', 'paused', 'stopped', 'done')",
            name="state",
        ),
        CheckConstraint("per_minute > 0", name="pace"),
        Index("ix_campaign_state", "state", "starts_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(40))
    criteria: Mapped[dict[str, Any]] = mapped_column(JSONB)
    words: Mapped[dict[str, dict[str, str]]] = mapped_column(JSONB)
    link: Mapped[str] = mapped_column(Text, default="")
    starts_at: Mapped[datetime]
    per_minute: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default=DRAFT)
    estimate: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    people: Mapped[int] = mapped_column(default=0)
    last_user_id: Mapped[int] = mapped_column(BigInteger, default=0)
    created_by: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
