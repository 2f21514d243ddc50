"""The table of outages."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    Identity,
    Index,
    String,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from core.models import Base


class Outage(Base):
    """Power that is off, will be or was, by transformer area.

    What it hits are the service points of its `areas`. `places` are what the public reads: streets
    and estates. `ended_at` is when it was restored, or when it was called off.
    """

    __tablename__ = "outage"
    __table_args__ = (
        CheckConstraint("kind in ('planned', 'unplanned')", name="kind"),
        CheckConstraint("state in ('announced', 'ongoing', 'restored', 'cancelled')", name="state"),
        CheckConstraint("cardinality(areas) > 0", name="areas"),
        CheckConstraint(
            "(ended_at is not null) = (state in ('restored', 'cancelled'))", name="ended"
        ),
        Index("ix_core_outage_areas", "areas", postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    outage_no: Mapped[str] = mapped_column(
        String(24), Computed("'T' || lpad(id::text, 12, '0')", persisted=True), unique=True
    )
    idempotency_key: Mapped[str] = mapped_column(String(64), unique=True)
    request_sha256: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(12))
    areas: Mapped[list[str]] = mapped_column(ARRAY(String(32)))
    places: Mapped[list[str]] = mapped_column(ARRAY(Text))
    reason_code: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(Text)
    announced_at: Mapped[datetime] = mapped_column(server_default=func.now())
    starts_at: Mapped[datetime] = mapped_column(index=True)
    expected_end_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(12))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
