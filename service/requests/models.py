"""Tables of requests: what was asked, what happened to it, and its photos."""

from datetime import date, datetime

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
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

import service.conversations.models
import service.models  # noqa: F401 - requests refer to users, accounts and conversations
from runtime.crypto import EncryptedText
from runtime.database import Base

PHONE = "service_request.phone"


class Request(Base):
    """A request. `fields` is a JSON object of texts, checked by the kind.

    `asker` is who asked (`asking.Asker.name`); with its key it makes asking twice ask once.
    `promises` are the promised times by step, as they were when it was opened. `core_seq` is the
    number of the change by which the core last told of its order.
    """

    __tablename__ = "service_request"
    __table_args__ = (
        UniqueConstraint("asker", "idempotency_key"),
        CheckConstraint(
            "state in ('received', 'accepted', 'in_progress', 'done', 'rejected', 'cancelled')",
            name="state",
        ),
        CheckConstraint(
            "(state in ('done', 'rejected', 'cancelled')) = (closed_at is not null)", name="closed"
        ),
        CheckConstraint("(phone is null) = (phone_index is null)", name="phone"),
        Index("ix_service_request_user", "user_id", "opened_at"),
        Index("ix_service_request_phone_index", "phone_index"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    request_no: Mapped[str] = mapped_column(String(16), unique=True)
    kind: Mapped[str] = mapped_column(String(32))
    account_no: Mapped[str | None] = mapped_column(ForeignKey("account.account_no"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    conversation_id: Mapped[int | None] = mapped_column(
        ForeignKey("conversation.id", ondelete="SET NULL"), index=True
    )
    asker: Mapped[str] = mapped_column(String(80))
    idempotency_key: Mapped[str] = mapped_column(String(64))
    fields: Mapped[str] = mapped_column(EncryptedText("service_request.fields"))
    phone: Mapped[str | None] = mapped_column(EncryptedText(PHONE))
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(12), default="received")
    promised_at: Mapped[datetime]
    promises: Mapped[dict[str, str]] = mapped_column(JSONB)
    opened_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    core_order_no: Mapped[str | None] = mapped_column(String(24), unique=True)
    core_status: Mapped[str | None] = mapped_column(String(16))
    core_seq: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    last_error: Mapped[str | None] = mapped_column(String(48))

    events: Mapped[list["RequestEvent"]] = relationship(order_by="RequestEvent.id")
    photos: Mapped[list["RequestPhoto"]] = relationship(order_by="RequestPhoto.id")


class RequestEvent(Base):
    """Something that happened to a request; a trigger keeps it as it was written.

    `code`: opened, moved, cancelled, rejected. `step` is the last step of the kind that was reached
    by it. `who`: customer or core.
    """

    __tablename__ = "request_event"
    __table_args__ = (
        CheckConstraint("code in ('opened', 'moved', 'cancelled', 'rejected')", name="code"),
        CheckConstraint("who in ('customer', 'core')", name="who"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("service_request.id"), index=True)
    code: Mapped[str] = mapped_column(String(12))
    step: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(12))
    who: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime]


class RequestPhoto(Base):
    """A photo; its bytes are the file `name` (`photos.folder`).

    Until the request is there it belongs to a draft: to the asker and the key of their form.
    """

    __tablename__ = "request_photo"
    __table_args__ = (
        UniqueConstraint("asker", "draft", "sha256"),
        CheckConstraint("width > 0 and height > 0 and size > 0", name="size"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(String(32), unique=True)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("service_request.id"), index=True)
    asker: Mapped[str] = mapped_column(String(80))
    draft: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[bytes] = mapped_column(LargeBinary)  # of what was uploaded
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int]
    added_at: Mapped[datetime] = mapped_column(server_default=func.now())


class RequestDay(Base):
    """How many requests a civil day has had; numbers are counted from it."""

    __tablename__ = "request_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    last: Mapped[int]
