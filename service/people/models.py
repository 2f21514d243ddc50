"""Tables of passkeys, the keys of people's devices and the questions put to them; and of WeChat."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    String,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

import service.models  # noqa: F401 - passkeys refer to the table of users
from runtime.crypto import EncryptedText
from runtime.database import Base


class Passkey(Base):
    """A public key whose private half never leaves the device.

    A removed one stays as a row, for what was confirmed with it. A `suspected` one has been
    seen to count backwards, which only a copy does; it opens nothing any more.
    """

    __tablename__ = "passkey"
    __table_args__ = (
        CheckConstraint("sign_count >= 0", name="sign_count"),
        Index("ix_passkey_owner", "user_id", postgresql_where=text("removed_at is null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)  # COSE
    sign_count: Mapped[int] = mapped_column(BigInteger)
    transports: Mapped[list[Any]] = mapped_column(JSONB)
    name: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime | None]
    suspected_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]


class PasskeyChallenge(Base):
    """Random bytes that a passkey is to sign: once, within minutes, for one purpose.

    `subject` is the digest of what the signature is for: a browser, or one payment.
    """

    __tablename__ = "passkey_challenge"
    __table_args__ = (
        CheckConstraint("purpose in ('register', 'sign_in', 'confirm')", name="purpose"),
        CheckConstraint("(user_id is null) = (purpose = 'sign_in')", name="whose"),
        Index("ix_passkey_challenge_expires_at", "expires_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    challenge: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    purpose: Mapped[str] = mapped_column(String(8))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    subject: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class WeChatFollower(Base):
    """Somebody in WeChat, bound to a user or to none.

    `talk_sha256` finds the conversation of an unbound one, as a browser's cookie finds its own.
    """

    __tablename__ = "wechat_follower"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    openid: Mapped[str] = mapped_column(EncryptedText("wechat_follower.openid"))
    openid_index: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    talk_sha256: Mapped[bytes] = mapped_column(LargeBinary, index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    bound_at: Mapped[datetime | None]
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
