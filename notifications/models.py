"""Messages to people: what is to be sent, what was sent, what could not be."""

from datetime import datetime

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
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

import service.models  # noqa: F401 - messages refer to users
from runtime.crypto import EncryptedText
from runtime.database import Base

WAITING, SENDING, UNCLEAR = "waiting", "sending", "unclear"
SENT, DELIVERED, UNDELIVERED = "sent", "delivered", "undelivered"
FAILED, EXPIRED, WITHDRAWN = "failed", "expired", "withdrawn"
COMPOSED, TOLD = "composed", "told"
ALIVE = (WAITING, SENDING, UNCLEAR, SENT, DELIVERED)
"""States in which a message has arrived, or still may."""
RECIPIENT = "message.recipient"
"""The context of its encryption and of its blind index."""
URGENT, USUAL, BULK = 0, 1, 2
"""Priorities: what somebody waits for goes before what many are told."""


class Notice(Base):
    """One thing that one person is told once, whatever it takes; `key` makes it once.

    It is for a user, or (without one) for the holder of the account, by the phone that the core
    knows. `params` (JSON) are figures that do not change any more; the others are read when it
    is sent (`notifications/figures.py`). `message_id` is the try that carries it at present.
    `user_id` has no foreign key: it would lock and write anew the row of everybody whom a run
    tells. Nobody's row is ever deleted.
    """

    __tablename__ = "notice"
    __table_args__ = (
        CheckConstraint(
            "state in ('waiting', 'composed', 'told', 'withdrawn', 'expired', 'failed')",
            name="state",
        ),
        CheckConstraint("user_id is not null or account_no is not null", name="whom"),
        Index("ix_notice_waiting", "not_before", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_notice_composed", "kind", postgresql_where=text("state = 'composed'")),
        Index("ix_notice_user", "user_id", postgresql_where=text("state = 'waiting'")),
        Index("ix_notice_account", "account_no"),
        Index("ix_notice_formal", "account_no", postgresql_where=text("kind = 'arrears.formal'")),
        Index("ix_notice_paused", "id", postgresql_where=text("reason = 'paused'")),
        Index("ix_notice_params", "created_at", postgresql_where=text("params is not null")),
        Index("ix_notice_message", "message_id", postgresql_where=text("message_id is not null")),
        Index("ix_notice_failed", "message_id", postgresql_where=text("state = 'failed'")),
        Index(
            "ix_notice_campaign", "campaign_id", postgresql_where=text("campaign_id is not null")
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int | None] = mapped_column(BigInteger)
    account_no: Mapped[str | None] = mapped_column(String(12))
    params: Mapped[str | None] = mapped_column(EncryptedText("notice.params"))
    state: Mapped[str] = mapped_column(String(10), default=WAITING, server_default=WAITING)
    reason: Mapped[str | None] = mapped_column(String(40))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    campaign_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    not_before: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]


class Message(Base):
    """One try to reach one person on one channel: a template and what fills it.

    `params` (JSON) are forgotten when it is sent or of no more use, `recipient` some time later
    (`notifications/tidy.py`); that a message went to a number can still be shown by the blind
    index. The provider knows it by `reference`, which no other installation uses. `words` are
    what was sent, kept for evidence where the kind asks for it, with the version of the wording.
    `plan` are the channels in the order of the person, `rank` says which of them this is;
    `notice_ids` are the notices that it carries, or once carried. `not_before` is also when one
    that is unclear is asked after; `claimed_at` says when it was last taken to be handed over.
    """

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint(
            "state in ('waiting', 'sending', 'unclear', 'sent', 'delivered', 'undelivered',"
            " 'failed', 'expired', 'withdrawn')",
            name="state",
        ),
        Index(
            "ix_message_waiting",
            "channel",
            "priority",
            "not_before",
            "id",
            postgresql_where=text("state = 'waiting'"),
        ),
        Index(
            "ix_message_held",
            "claimed_at",
            postgresql_where=text("state in ('sending', 'unclear')"),
        ),
        Index(
            "ix_message_fallback", "fallback_at", postgresql_where=text("fallback_at is not null")
        ),
        Index("ix_message_provider_no", "provider", "provider_no"),
        Index(
            "ix_message_failed", "id", postgresql_where=text("state in ('failed', 'undelivered')")
        ),
        Index("ix_message_user", "user_id", "created_at"),
        Index("ix_message_notices", "notice_ids", postgresql_using="gin"),
        Index("ix_message_recipient", "created_at", postgresql_where=text("recipient is not null")),
        Index("ix_message_words", "created_at", postgresql_where=text("words is not null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    channel: Mapped[str] = mapped_column(String(8))  # see notifications.channels.base.Channel
    reference: Mapped[str] = mapped_column(String(32), unique=True)
    template: Mapped[str] = mapped_column(String(40))  # the kind, with its language
    kind: Mapped[str | None] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(2), default="zh", server_default="zh")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    notice_ids: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger), default=list, server_default="{}"
    )
    recipient: Mapped[str | None] = mapped_column(EncryptedText(RECIPIENT))
    recipient_index: Mapped[bytes] = mapped_column(LargeBinary)
    params: Mapped[str | None] = mapped_column(EncryptedText("message.params"))
    words: Mapped[str | None] = mapped_column(EncryptedText("message.words"))
    wording_version: Mapped[int | None]
    segments: Mapped[int | None] = mapped_column(SmallInteger)
    plan: Mapped[list[str]] = mapped_column(ARRAY(String(8)), default=list, server_default="{}")
    rank: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    priority: Mapped[int] = mapped_column(SmallInteger, default=USUAL, server_default="1")
    state: Mapped[str] = mapped_column(String(12), default=WAITING)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    provider: Mapped[str | None] = mapped_column(String(16))
    provider_no: Mapped[str | None] = mapped_column(String(64))
    failure: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    not_before: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    fallback_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]


class Provider(Base):
    """What all workers know of a provider: how much it may still take, and whether it works.

    `tokens` were left at `refilled_at`; a breaker is open until `open_until`.
    """

    __tablename__ = "provider"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    tokens: Mapped[float] = mapped_column(default=0.0, server_default="0")
    refilled_at: Mapped[datetime] = mapped_column(server_default=func.now())
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    open_until: Mapped[datetime | None]
    probe_at: Mapped[datetime | None]
    is_off: Mapped[bool] = mapped_column(default=False, server_default="false")


class ProviderMinute(Base):
    """What a provider did in a minute: the ground on which loads are shared."""

    __tablename__ = "provider_minute"

    provider: Mapped[str] = mapped_column(String(16), primary_key=True)
    minute: Mapped[datetime] = mapped_column(primary_key=True)
    sent: Mapped[int] = mapped_column(default=0, server_default="0")
    failed: Mapped[int] = mapped_column(default=0, server_default="0")
    delivered: Mapped[int] = mapped_column(default=0, server_default="0")
    undelivered: Mapped[int] = mapped_column(default=0, server_default="0")
    delivery_seconds: Mapped[float] = mapped_column(default=0.0, server_default="0")


class ProviderReport(Base):
    """What a provider pushed to us, as it came, until a job has read it."""

    __tablename__ = "provider_report"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    provider: Mapped[str] = mapped_column(String(16))
    body: Mapped[str] = mapped_column(EncryptedText("provider_report.body"))
    received_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
    done_at: Mapped[datetime | None]


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
