"""The table of the trail."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

import service.models  # noqa: F401 - the trail refers to the table of users
from runtime.crypto import EncryptedText
from runtime.database import Base


class AuditEntry(Base):
    """One of the utility's own people has looked at something or done something, and why.

    A trigger keeps it as it was written. `number`, `before` and `hash` are the database's: as the
    transaction commits the entry gets the next number, the hash of the entry before, and a hash
    over both and all that it says. So an entry that was changed, taken out or put between shows.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        CheckConstraint("reason is not null or about <> ''", name="why"),
        CheckConstraint("deed <> '' and subject <> ''", name="what"),
        Index("ix_audit_entry_user_id", "user_id", "id"),
        Index("ix_audit_entry_subject", "subject", "id"),
        Index("ix_audit_entry_about", "about", "id"),
        Index("ix_audit_entry_at", "at", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    deed: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str | None] = mapped_column(EncryptedText("audit_entry.reason"))
    about: Mapped[str] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(String(45))
    number: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    before: Mapped[bytes | None] = mapped_column(LargeBinary)
    hash: Mapped[bytes | None] = mapped_column(LargeBinary)
