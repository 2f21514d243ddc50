"""Messages to people: what is to be sent, what was sent, what could not be."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    LargeBinary,
    String,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

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


class WeChatToken(Base):
    """An access token that holds until `expires_at`."""

    __tablename__ = "wechat_token"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    token: Mapped[str] = mapped_column(EncryptedText("wechat_token.token"))
    expires_at: Mapped[datetime]
