"""Tables of what people want to be told, and of what they have agreed to."""

from datetime import datetime, time

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

import service.models  # noqa: F401 - wishes refer to users
from runtime.crypto import EncryptedText
from runtime.database import Base

ALL = "all"
"""Stands for every topic."""
MAIL_ADDRESS = "mail_address.address"
CONSENT_PHONE = "consent.phone"
STOPPED_PHONE = "stopped_phone.phone"
"""The contexts of blind indexes."""


class NoticeChoice(Base):
    """A topic on a channel, as a person has set it; what nobody set has no row."""

    __tablename__ = "notice_choice"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    topic: Mapped[str] = mapped_column(String(16), primary_key=True)
    channel: Mapped[str] = mapped_column(String(8), primary_key=True)
    is_on: Mapped[bool]
    set_at: Mapped[datetime] = mapped_column(server_default=func.now())


class NoticeHabit(Base):
    """When, how often and in which order of channels a person is told.

    An empty field means what is usual. Times are Beijing's; quiet hours may begin earlier and end
    later than the usual ones, never the other way round.
    """

    __tablename__ = "notice_habit"
    __table_args__ = (
        CheckConstraint("quiet_from between '12:00' and '21:00'", name="quiet_from"),
        CheckConstraint("quiet_until between '08:00' and '12:00'", name="quiet_until"),
        CheckConstraint("daily_cap between 1 and 99", name="daily_cap"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    channels: Mapped[list[str] | None] = mapped_column(ARRAY(String(8)))
    quiet_from: Mapped[time | None]
    quiet_until: Mapped[time | None]
    daily_cap: Mapped[int | None] = mapped_column(SmallInteger)
    wants_digest: Mapped[bool | None]
    set_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Consent(Base):
    """That somebody agreed, or no longer does: to what, by which words, when and how.

    A trigger lets nothing be changed or taken away. `words` are what was shown, or in a reply
    what was written.
    """

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint("user_id is not null or phone_index is not null", name="whose"),
        CheckConstraint("how in ('page', 'reply', 'one_click', 'assistant', 'desk')", name="how"),
        Index("ix_consent_user", "user_id", "id", postgresql_where=text("user_id is not null")),
        Index("ix_consent_phone", "phone_index", postgresql_where=text("phone_index is not null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    topic: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(8))
    given: Mapped[bool]
    words: Mapped[str] = mapped_column(EncryptedText("consent.words"))
    language: Mapped[str] = mapped_column(String(2))
    how: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class MailAddress(Base):
    """Where a person wants mail: of no use until the letter with the token was answered.

    A user has one that is in use, and at most one more that waits for its answer: a mistyped new
    address does not take the good one away. `token_sha256` is forgotten with its use.
    """

    __tablename__ = "mail_address"
    __table_args__ = (
        Index(
            "uq_mail_address_in_use",
            "user_id",
            unique=True,
            postgresql_where=text("ended_at is null and confirmed_at is not null"),
        ),
        Index(
            "uq_mail_address_asked",
            "user_id",
            unique=True,
            postgresql_where=text("ended_at is null and confirmed_at is null"),
        ),
        Index("ix_mail_address_address_index", "address_index"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    address: Mapped[str] = mapped_column(EncryptedText(MAIL_ADDRESS))
    address_index: Mapped[bytes] = mapped_column(LargeBinary)
    token_sha256: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class StoppedPhone(Base):
    """A number without a user that wants to hear no more of a topic, or of all."""

    __tablename__ = "stopped_phone"

    phone_index: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    topic: Mapped[str] = mapped_column(String(16), primary_key=True)
    words: Mapped[str] = mapped_column(EncryptedText("stopped_phone.words"))
    at: Mapped[datetime] = mapped_column(server_default=func.now())
