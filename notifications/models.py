"""Messages to people: what is to be sent, what was sent, what could not be."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

import service.models  # noqa: F401 - messages refer to users
from runtime.crypto import EncryptedText
from runtime.database import Base

WAITING, SENT, FAILED, EXPIRED = "waiting", "sent", "failed", "expired"
RECIPIENT = "message.recipient"
"""The context of its encryption and of its blind index."""


class Message(Base):
    """One message to one person: a template and what fills it.

    `params` (JSON) are forgotten when it is sent or of no more use, `recipient` some time later
    (`notifications/tidy.py`); that a message went to a number can still be shown by the blind
    index. The provider knows it by `reference`, which no other installation uses.
    """

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint("state in ('waiting', 'sent', 'failed', 'expired')", name="state"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    channel: Mapped[str] = mapped_column(String(8))  # sms | mail
    reference: Mapped[str] = mapped_column(String(32), unique=True)
    template: Mapped[str] = mapped_column(String(40))
    recipient: Mapped[str | None] = mapped_column(EncryptedText(RECIPIENT))
    recipient_index: Mapped[bytes] = mapped_column(LargeBinary)
    params: Mapped[str | None] = mapped_column(EncryptedText("message.params"))
    state: Mapped[str] = mapped_column(String(8), default=WAITING)
    provider_no: Mapped[str | None] = mapped_column(String(64))
    failure: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]


class Attachment(Base):
    """A file that goes with a letter, forgotten when the letter is sent, or with its recipient."""

    __tablename__ = "message_attachment"
    __table_args__ = (UniqueConstraint("message_id", "name"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    media_type: Mapped[str] = mapped_column(String(40))
    content: Mapped[bytes] = mapped_column(LargeBinary)


class InboxMessage(Base):
    """What a user is told in the portal itself; `key` makes it told once.

    `kind` says what happened, `params` (JSON) its figures. The words are made when it is read.
    """

    __tablename__ = "inbox_message"
    __table_args__ = (
        UniqueConstraint("user_id", "key"),
        Index("ix_inbox_message_user", "user_id", "id"),
        Index(
            "ix_inbox_message_unread",
            "user_id",
            "kind",
            postgresql_where=text("read_at is null"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    key: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(40))
    params: Mapped[str] = mapped_column(EncryptedText("inbox_message.params"))
    at: Mapped[datetime] = mapped_column(index=True)
    read_at: Mapped[datetime | None]


class WeChatToken(Base):
    """An access token that holds until `expires_at`."""

    __tablename__ = "wechat_token"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    token: Mapped[str] = mapped_column(EncryptedText("wechat_token.token"))
    expires_at: Mapped[datetime]
