"""The table of outages: a copy of the core's, written by `service/sync` alone."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from runtime.database import Base


class Outage(Base):
    """Power that is off, will be or was, by transformer area.

    `areas` are those of the service points that are hit, `places` what the public reads: streets
    and estates. `ended_at` is when it was restored or cancelled.
    """

    __tablename__ = "outage"
    __table_args__ = (
        Index(
            "ix_outage_areas",
            "areas",
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        ),
    )

    outage_no: Mapped[str] = mapped_column(String(24), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))  # planned | unplanned
    areas: Mapped[list[Any]] = mapped_column(JSONB)
    places: Mapped[list[Any]] = mapped_column(JSONB)
    reason_code: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(Text)
    announced_at: Mapped[datetime]
    starts_at: Mapped[datetime] = mapped_column(index=True)
    expected_end_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(12))  # announced | ongoing | restored | cancelled
    updated_at: Mapped[datetime]
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
