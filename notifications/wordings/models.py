"""Tables of the wordings that the desk made, and of what providers call them."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

import service.approvals
import service.models  # noqa: F401 - versions refer to users and approvals
from runtime.database import Base

DRAFT, ASKED, IN_FORCE, RETIRED, DECLINED = "draft", "asked", "in_force", "retired", "declined"


class WordingVersion(Base):
    """Words of one kind on one channel in one language, as somebody at the desk wrote them.

    One at most is being written or waits for its second person, and one at most is in force.
    `approved_by` is not the author: the database says so.
    """

    __tablename__ = "wording_version"
    __table_args__ = (
        CheckConstraint(
            "state in ('draft', 'asked', 'in_force', 'retired', 'declined')", name="state"
        ),
        CheckConstraint("version > 0", name="counted"),
        CheckConstraint("approved_by <> author_id", name="second_person"),
        CheckConstraint(
            "state not in ('in_force', 'retired') or (approved_by is not null"
            " and approval_id is not null and in_force_at is not null)",
            name="approved",
        ),
        UniqueConstraint("kind", "channel", "language", "version"),
        Index(
            "uq_wording_version_in_force",
            "kind",
            "channel",
            "language",
            unique=True,
            postgresql_where=text("state = 'in_force'"),
        ),
        Index(
            "uq_wording_version_open",
            "kind",
            "channel",
            "language",
            unique=True,
            postgresql_where=text("state in ('draft', 'asked')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    channel: Mapped[str] = mapped_column(String(8))
    language: Mapped[str] = mapped_column(String(2))
    version: Mapped[int]
    parts: Mapped[dict[str, str]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(String(8), default=DRAFT, server_default=DRAFT)
    author_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    approval_id: Mapped[int | None] = mapped_column(ForeignKey("approval.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    in_force_at: Mapped[datetime | None]


class WordingCode(Base):
    """What a provider calls a version after its review; version 0 has its own name without one."""

    __tablename__ = "wording_code"

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    channel: Mapped[str] = mapped_column(String(8), primary_key=True)
    language: Mapped[str] = mapped_column(String(2), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    provider: Mapped[str] = mapped_column(String(16), primary_key=True)
    code: Mapped[str] = mapped_column(String(64))
