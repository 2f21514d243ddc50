"""Tables of what is said about a request, when somebody comes, and what the customer thought."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

import service.requests.models  # noqa: F401 - all three refer to the table of requests
from runtime.crypto import EncryptedText
from runtime.database import Base


class RequestMessage(Base):
    """Something that the customer or somebody at the desk says about a request.

    `key` is the writer's own name for it, so that it is stored once however often it is sent.
    `link` is a page of ours that goes with it. `read_at` is when the other side saw it.
    """

    __tablename__ = "request_message"
    __table_args__ = (
        UniqueConstraint("request_id", "author", "key"),
        CheckConstraint("author in ('customer', 'staff')", name="author"),
        CheckConstraint("(author = 'staff') = (by_id is not null)", name="by"),
        Index(
            "ix_request_message_unread",
            "request_id",
            postgresql_where=text("read_at is null"),
        ),
        Index("ix_request_message_order", "request_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("service_request.id"))
    author: Mapped[str] = mapped_column(String(8))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    text: Mapped[str] = mapped_column(EncryptedText("request_message.text"))
    link: Mapped[str | None] = mapped_column(String(200))
    key: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class Appointment(Base):
    """A time at which somebody of a team comes for a step of a request.

    A window of a team has as many seats as visits it can make, and a seat is taken once: so it is
    never overbooked. One that was moved or called off keeps its row and gives its seat back.
    `made_by` and `released_by`: customer, staff or house (the request ended, the step was done).
    `round` is how often the request had been opened again before.
    """

    __tablename__ = "request_appointment"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="window"),
        CheckConstraint("seat > 0", name="seat"),
        CheckConstraint("made_by in ('customer', 'staff')", name="made_by"),
        CheckConstraint("(made_by = 'staff') = (by_id is not null)", name="by"),
        CheckConstraint("released_by in ('customer', 'staff', 'house')", name="released_by"),
        CheckConstraint("(released_at is null) = (released_by is null)", name="released"),
        Index(
            "uq_request_appointment_seat",
            "team",
            "starts_at",
            "seat",
            unique=True,
            postgresql_where=text("released_at is null"),
        ),
        Index(
            "uq_request_appointment_step",
            "request_id",
            "round",
            "step",
            unique=True,
            postgresql_where=text("released_at is null"),
        ),
        Index("ix_request_appointment_request_id", "request_id"),
        Index(
            "ix_request_appointment_starts_at",
            "starts_at",
            postgresql_where=text("released_at is null"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("service_request.id"))
    round: Mapped[int] = mapped_column(SmallInteger)
    step: Mapped[str] = mapped_column(String(32))
    team: Mapped[str] = mapped_column(String(16))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    seat: Mapped[int] = mapped_column(SmallInteger)
    made_by: Mapped[str] = mapped_column(String(8))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    released_by: Mapped[str | None] = mapped_column(String(8))


class Rating(Base):
    """What the customer thought in the end, once for each time that a request came to its end.

    `round` is how often the request had been opened again before. `seen_at` and `seen_by` are for
    low marks: a lead has read it, and `followed` says what was done.
    """

    __tablename__ = "request_rating"
    __table_args__ = (
        UniqueConstraint("request_id", "round"),
        CheckConstraint("score between 1 and 5", name="score"),
        CheckConstraint("(seen_at is null) = (seen_by is null)", name="seen"),
        Index(
            "ix_request_rating_low",
            "at",
            postgresql_where=text("score <= 2 and seen_at is null"),
        ),
        Index("ix_request_rating_at", "at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("service_request.id"))
    round: Mapped[int] = mapped_column(SmallInteger)
    score: Mapped[int] = mapped_column(SmallInteger)
    comment: Mapped[str | None] = mapped_column(EncryptedText("request_rating.comment"))
    at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    followed: Mapped[str | None] = mapped_column(EncryptedText("request_rating.followed"))
