"""Tables of conversations: what customers, the assistant and the desk say to each other."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

import service.models  # noqa: F401 - conversations refer to the table of users
from runtime.crypto import EncryptedText
from runtime.database import Base


class Conversation(Base):
    """One thread of one person, on whatever channel they speak.

    `ref` is its name towards machines. One without a user belongs to the browser that holds the
    key of `browser_sha256`; a user has one that is not closed.
    """

    __tablename__ = "conversation"
    __table_args__ = (
        CheckConstraint("channel in ('web', 'wechat')", name="channel"),
        CheckConstraint("language in ('zh', 'en')", name="language"),
        CheckConstraint("held_by in ('assistant', 'waiting', 'person')", name="held_by"),
        CheckConstraint("user_id is null or browser_sha256 is null", name="whose"),
        CheckConstraint("closed_at is null or browser_sha256 is null", name="closed"),
        Index(
            "uq_conversation_live",
            "user_id",
            unique=True,
            postgresql_where=text("user_id is not null and closed_at is null"),
        ),
        Index("ix_conversation_last_at", "last_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    browser_sha256: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    channel: Mapped[str] = mapped_column(String(8))
    language: Mapped[str] = mapped_column(String(8))
    held_by: Mapped[str] = mapped_column(String(10))
    opened_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_at: Mapped[datetime] = mapped_column(server_default=func.now())
    closed_at: Mapped[datetime | None]


class Message(Base):
    """Something said. Ids rise in the order of saying: whoever writes locks the conversation.

    `client_key` is the writer's own name for it, so that it is stored once however often it is
    sent. `answers_id` and `position` place what the assistant answers. `parts` holds buttons and
    a card of an answer, the payload of a tapped button. The text of a notice is a code.
    """

    __tablename__ = "conversation_message"
    __table_args__ = (
        CheckConstraint("author in ('customer', 'assistant', 'staff', 'notice')", name="author"),
        CheckConstraint("author <> 'staff' or staff_id is not null", name="staff"),
        CheckConstraint("position >= 0", name="position"),
        UniqueConstraint("conversation_id", "client_key"),
        UniqueConstraint("answers_id", "position"),
        Index("ix_conversation_message_order", "conversation_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    author: Mapped[str] = mapped_column(String(10))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    text: Mapped[str] = mapped_column(EncryptedText("conversation_message.text"))
    parts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    client_key: Mapped[str | None] = mapped_column(String(64))
    answers_id: Mapped[int | None] = mapped_column(
        ForeignKey("conversation_message.id", ondelete="CASCADE")
    )
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    answered_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]


EMERGENCY = "emergency"
"""The reason of a handoff that comes before all others."""


class Handoff(Base):
    """The asking for a person, until its end: a wait and a talk, or a call back."""

    __tablename__ = "handoff"
    __table_args__ = (
        CheckConstraint(
            "state in ('waiting', 'taken', 'closed', 'callback', 'called')", name="state"
        ),
        CheckConstraint("how in ('closed', 'handed_back', 'given_up')", name="how"),
        CheckConstraint("(state in ('closed', 'called')) = (ended_at is not null)", name="ended"),
        CheckConstraint(
            "state <> 'taken' or (staff_id is not null and taken_at is not null)", name="taken"
        ),
        CheckConstraint("state <> 'callback' or phone is not null", name="phone"),
        CheckConstraint("satisfaction between 1 and 5", name="satisfaction"),
        Index(
            "uq_handoff_open",
            "conversation_id",
            unique=True,
            postgresql_where=text("ended_at is null"),
        ),
        Index("ix_handoff_conversation_id", "conversation_id"),
        Index("ix_handoff_open", "state", "asked_at", postgresql_where=text("ended_at is null")),
        Index("ix_handoff_taken_at", "taken_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(32))
    summary: Mapped[str] = mapped_column(EncryptedText("handoff.summary"))
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    taken_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    how: Mapped[str | None] = mapped_column(String(12))
    satisfaction: Mapped[int | None] = mapped_column(SmallInteger)
    comment: Mapped[str | None] = mapped_column(EncryptedText("handoff.comment"))
    phone: Mapped[str | None] = mapped_column(EncryptedText("handoff.phone"))
    note: Mapped[str | None] = mapped_column(EncryptedText("handoff.note"))  # of a call back


class CannedReply(Base):
    """A reply that the desk has ready; who uses it may change the words before sending."""

    __tablename__ = "canned_reply"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    title: Mapped[str] = mapped_column(String(30), unique=True)
    text_zh: Mapped[str] = mapped_column(String(1000))
    text_en: Mapped[str] = mapped_column(String(1000))
    position: Mapped[int]
