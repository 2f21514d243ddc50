"""Tables of insight: what was learned, each account's score, and firms whose usage fell."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

import service.models  # noqa: F401 - users object and look at warnings
from runtime.crypto import EncryptedText
from runtime.database import Base


class LateModel(Base):
    """What was learned, as numbers. `method` is `logistic`, or `counted` with too little history.

    `numbers` is what scoring needs (`service.insight.scoring.Model`), `metrics` how it did on the
    bills of the last months, which it had not learned from (`measuring.Measured`); null where there
    were too few. `first_due` and `last_due` are of the bills that it knows.
    """

    __tablename__ = "late_model"
    __table_args__ = (CheckConstraint("method in ('logistic', 'counted')", name="method"),)

    model_no: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    method: Mapped[str] = mapped_column(String(12))
    trained_at: Mapped[datetime]
    bills: Mapped[int]
    late: Mapped[int]
    first_due: Mapped[date | None]
    last_due: Mapped[date | None]
    numbers: Mapped[dict[str, Any]] = mapped_column(JSONB)
    metrics: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class LateScore(Base):
    """The probability that an account's next bill is not paid by its due date, 0 to 1, and why."""

    __tablename__ = "late_score"
    __table_args__ = (
        CheckConstraint("score >= 0 and score <= 1", name="score"),
        CheckConstraint("band in ('low', 'middle', 'high')", name="band"),
        Index("ix_late_score_score", text("score DESC"), "account_no"),
        Index("ix_late_score_band", "band", text("score DESC"), "account_no"),
    )

    account_no: Mapped[str] = mapped_column(String(12), primary_key=True)
    score: Mapped[float] = mapped_column(Double)
    band: Mapped[str] = mapped_column(String(8))
    reasons: Mapped[list[Any]] = mapped_column(JSONB)
    model_no: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]


class LateObjection(Base):
    """A customer does not want to be estimated: while this row is there, no score is."""

    __tablename__ = "late_objection"

    account_no: Mapped[str] = mapped_column(String(12), primary_key=True)
    by: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime]


class UsageWarning(Base):
    """A firm's usage fell suddenly. `day` is the last of the days that were compared.

    `usual_wh` and `recent_wh` are of an average day, over the same `days` weekdays;
    `year_ago_percent` is what the recent days are of the same days a year ago, where known.
    """

    __tablename__ = "usage_warning"
    __table_args__ = (
        CheckConstraint("state in ('open', 'seen')", name="state"),
        CheckConstraint(
            "(state = 'seen') = (seen_at is not null) and (state = 'seen') = (seen_by is not null)",
            name="seen",
        ),
        Index(
            "uq_usage_warning_open",
            "account_no",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_usage_warning_account_no_day", "account_no", "day"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_no: Mapped[str] = mapped_column(String(12))
    day: Mapped[date]
    days: Mapped[int] = mapped_column(Integer)
    usual_wh: Mapped[int] = mapped_column(BigInteger)
    recent_wh: Mapped[int] = mapped_column(BigInteger)
    year_ago_percent: Mapped[int | None]
    found_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8), default="open")
    seen_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    seen_at: Mapped[datetime | None]
    note: Mapped[str | None] = mapped_column(EncryptedText("usage_warning.note"))
