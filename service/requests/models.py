"""Tables of requests: what was asked, what happened to it, and its files."""

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
    `step` is the last step of the kind that was reached; `state` is what the core calls that.
    `promises` are the promised times by step; they move when the clock stands (`paused_at`).
    `due_at` is the next of them, None while the clock stands and when all is over; `warn_at` is
    when the desk is warned of it. `core_seq` is the number of the change by which the core last
    told of its order. `point` is "latitude,longitude" in WGS 84.
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
        CheckConstraint(
            "due_at is null or (paused_at is null and closed_at is null)", name="clock_stands"
        ),
        Index("ix_service_request_phone_index", "phone_index"),
        Index(
            "ix_service_request_due",
            "due_at",
            "id",
            postgresql_where=text("closed_at is null"),
        ),
        Index(
            "ix_service_request_team",
            "team",
            "due_at",
            "id",
            postgresql_where=text("closed_at is null"),
        ),
        Index(
            "ix_service_request_assignee",
            "assignee_id",
            "due_at",
            "id",
            postgresql_where=text("closed_at is null"),
        ),
        Index("ix_service_request_outage", "outage_no"),
        Index(
            "ix_service_request_unassigned",
            "team",
            "due_at",
            "id",
            postgresql_where=text("closed_at is null and assignee_id is null"),
        ),
        Index(
            "ix_service_request_paused",
            "paused_at",
            "id",
            postgresql_where=text("paused_at is not null and closed_at is null"),
        ),
        Index("ix_service_request_closed", "closed_at"),
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
    point: Mapped[str | None] = mapped_column(EncryptedText("service_request.point"))
    state: Mapped[str] = mapped_column(String(12), default="received")
    step: Mapped[str] = mapped_column(String(32))
    team: Mapped[str] = mapped_column(String(16))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    urgent: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    outage_no: Mapped[str | None] = mapped_column(String(24))
    reopened: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    due_at: Mapped[datetime | None]
    warn_at: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]
    late_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
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
    files: Mapped[list["RequestFile"]] = relationship(order_by="RequestFile.id")
    pauses: Mapped[list["RequestPause"]] = relationship(order_by="RequestPause.id")


class RequestEvent(Base):
    """Something that happened to a request; a trigger keeps it as it was written.

    `step` is the last step of the kind that was reached by it. `by_id` is the member of staff,
    `note` what the customer reads of it, `filled` the form of the step (a JSON object of texts).
    `key` is the deed's own: sent twice, it was done once.
    """

    __tablename__ = "request_event"
    __table_args__ = (
        CheckConstraint(
            "code in ('opened', 'moved', 'paused', 'resumed', 'reopened', 'warned', 'late',"
            " 'joined', 'cancelled', 'rejected')",
            name="code",
        ),
        CheckConstraint("who in ('customer', 'staff', 'core', 'clock')", name="who"),
        CheckConstraint("(who = 'staff') = (by_id is not null)", name="by"),
        UniqueConstraint("request_id", "key"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("service_request.id"), index=True)
    code: Mapped[str] = mapped_column(String(12))
    step: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(12))
    who: Mapped[str] = mapped_column(String(12))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    note: Mapped[str | None] = mapped_column(EncryptedText("request_event.note"))
    filled: Mapped[str | None] = mapped_column(EncryptedText("request_event.filled"))
    key: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime]


class RequestPause(Base):
    """A time in which the clock of a request stands, because its customer owes something.

    `needs` is what is asked for; None while a step is the customer's own.
    """

    __tablename__ = "request_pause"
    __table_args__ = (
        Index(
            "uq_request_pause_open",
            "request_id",
            unique=True,
            postgresql_where=text("until is null"),
        ),
        CheckConstraint("until >= since", name="time"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("service_request.id"), index=True)
    needs: Mapped[str | None] = mapped_column(EncryptedText("request_pause.needs"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    since: Mapped[datetime]
    until: Mapped[datetime | None]


class RequestFile(Base):
    """A photo or a PDF; its bytes are the file `name` (`files.path`).

    Until the request is there it belongs to a draft: to the asker and the key of their form.
    `document` is the kind's document that it stands for; `by_id` the staff user who added it.
    The table keeps the name of its beginning, when there were photos alone.
    """

    __tablename__ = "request_photo"
    __table_args__ = (
        UniqueConstraint(
            "asker", "draft", "sha256", "document", postgresql_nulls_not_distinct=True
        ),
        CheckConstraint("size > 0 and width > 0 and height > 0 and pages > 0", name="size"),
        CheckConstraint(
            "case media when 'image/jpeg' then num_nonnulls(width, height) = 2 and pages is null"
            " when 'application/pdf' then num_nulls(width, height) = 2 and pages is not null"
            " else false end",
            name="media",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(String(32), unique=True)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("service_request.id"), index=True)
    asker: Mapped[str] = mapped_column(String(80))
    draft: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[bytes] = mapped_column(LargeBinary)  # of what was uploaded
    media: Mapped[str] = mapped_column(String(16), server_default="image/jpeg")
    document: Mapped[str | None] = mapped_column(String(32))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    width: Mapped[int | None]
    height: Mapped[int | None]
    pages: Mapped[int | None]
    size: Mapped[int]
    added_at: Mapped[datetime] = mapped_column(server_default=func.now())

    @property
    def is_photo(self) -> bool:
        return self.media == "image/jpeg"


class RequestDraft(Base):
    """A form as it was left: one for each asker and kind, under the key that it will be sent with.

    `filled` is a JSON object of what was typed, as it was typed.
    """

    __tablename__ = "request_draft"
    __table_args__ = (UniqueConstraint("asker", "kind"), Index(None, "updated_at"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    asker: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(32))
    key: Mapped[str] = mapped_column(String(64))
    account_no: Mapped[str | None] = mapped_column(ForeignKey("account.account_no"))
    filled: Mapped[str] = mapped_column(EncryptedText("request_draft.filled"))
    updated_at: Mapped[datetime]


class RequestDay(Base):
    """How many requests a civil day has had; numbers are counted from it."""

    __tablename__ = "request_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    last: Mapped[int]
