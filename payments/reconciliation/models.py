"""Statements that were fetched, and the differences that were found in them.

Money is integer fen. A statement is written once and stays; a difference moves by its state until
it is cured or resolved, and then stays as well (triggers in the migration see to both).
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, String, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql import text

from runtime.database import Base


class StatementRecord(Base):
    """A file that a gateway or the core gave for a civil day, taken or refused with a `reason`.

    `channels` splits the sums by way of paying: `{"wechat": {"paid": [count, fen],
    "refunded": [count, fen]}}`; a gateway's statement has one, the core's file has several.
    """

    __tablename__ = "statement"
    __table_args__ = (
        UniqueConstraint("source", "day", "sha256"),
        CheckConstraint("verdict in ('taken', 'refused')", name="verdict"),
        CheckConstraint("(verdict = 'refused') = (reason is not null)", name="reason"),
        Index("ix_statement_day", "day"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    source: Mapped[str] = mapped_column(String(8))
    day: Mapped[date]
    sha256: Mapped[str | None] = mapped_column(String(64))
    verdict: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str | None] = mapped_column(String(24))
    line: Mapped[int | None]
    count: Mapped[int] = mapped_column(default=0)
    paid_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    refunded_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    fee_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    fee_back_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    channels: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    fetched_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Difference(Base):
    """What one side says of a payment, a refund or a posting and another does not.

    `source` is whose statement was compared, `key` the number of what it is about. `gateway_fen`,
    `order_fen` and `core_fen` are what each side has booked; None for nothing. `other_day` is the
    day on whose statement the other side stands, or should.
    """

    __tablename__ = "difference"
    __table_args__ = (
        UniqueConstraint("source", "class", "key"),
        CheckConstraint("state in ('open', 'curing', 'cured', 'asked', 'resolved')", name="state"),
        CheckConstraint("state in ('open', 'curing') or how is not null", name="how"),
        Index("ix_difference_day", "day"),
        Index("ix_difference_order_no", "order_no"),
        Index(
            "ix_difference_unsettled",
            "state",
            postgresql_where=text("state in ('open', 'curing', 'asked')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    day: Mapped[date]
    source: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column("class", String(20))
    key: Mapped[str] = mapped_column(String(64))
    order_no: Mapped[str | None] = mapped_column(String(64))
    gateway_fen: Mapped[int | None] = mapped_column(BigInteger)
    order_fen: Mapped[int | None] = mapped_column(BigInteger)
    core_fen: Mapped[int | None] = mapped_column(BigInteger)
    other_day: Mapped[date | None]
    evidence: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(String(8))
    how: Mapped[str | None] = mapped_column(String(24))
    found_at: Mapped[datetime] = mapped_column(server_default=func.now())
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
