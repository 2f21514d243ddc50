"""Tables of the desk: where people sit, what they look for, what they note among themselves."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

import service.requests.models  # noqa: F401 - what stands here refers to requests and users
from runtime.crypto import EncryptedText
from runtime.database import Base


class DeskSeat(Base):
    """The team whose queue a member of staff works on; they choose it themselves."""

    __tablename__ = "desk_seat"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    team: Mapped[str] = mapped_column(String(16))


class QueueFilter(Base):
    """A way of looking at the queue that somebody keeps under a name of their own."""

    __tablename__ = "queue_filter"
    __table_args__ = (
        UniqueConstraint("user_id", "name"),
        CheckConstraint("name <> ''", name="name"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    name: Mapped[str] = mapped_column(String(24))
    wanted: Mapped[dict[str, Any]] = mapped_column(JSONB)


class RequestNote(Base):
    """What colleagues write about a request for each other; no customer reads it.

    A trigger keeps it as it was written. `key` is the form's: sent twice, it is one note.
    """

    __tablename__ = "request_note"
    __table_args__ = (UniqueConstraint("request_id", "key"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("service_request.id"), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    text: Mapped[str] = mapped_column(EncryptedText("request_note.text"))
    key: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class RequestLook(Base):
    """That somebody has a request open on their screen; it is true for a moment only."""

    __tablename__ = "request_look"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    request_id: Mapped[int] = mapped_column(
        ForeignKey("service_request.id"), primary_key=True, index=True
    )
    at: Mapped[datetime]
