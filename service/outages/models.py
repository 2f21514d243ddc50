"""Tables of outages: the copy of the core's, its history, and who wants to hear of an area.

`outage` is written by `service/sync` alone.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, String, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

import service.models  # noqa: F401 - an area is watched by users
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


class OutageChange(Base):
    """How an outage came to stand differently: the fields that changed, before and after.

    Both are JSON objects of the same names, instants in ISO 8601.
    """

    __tablename__ = "outage_change"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    outage_no: Mapped[str] = mapped_column(ForeignKey("outage.outage_no"), index=True)
    at: Mapped[datetime]
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    after: Mapped[dict[str, Any]] = mapped_column(JSONB)


class AreaWatch(Base):
    """A user who wants to hear of outages of an area, whether they have an account there or not."""

    __tablename__ = "outage_area_watch"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    area: Mapped[str] = mapped_column(String(32), primary_key=True, index=True)
    since: Mapped[datetime] = mapped_column(server_default=func.now())
