"""Tables of what field workers send from the spot."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

import service.requests.models  # noqa: F401 - visits refer to requests
from runtime.crypto import EncryptedText
from runtime.database import Base


class FieldVisit(Base):
    """What a worker did for a request on the spot, sent once however often the phone sends it.

    `key` is the phone's own name for it. `deed`: complete (the step was done) or pause (it could
    not be, `note` says why). `refusal` is the code of why it did not move the request; then nothing
    but this row says what was done. `done_at` is when it was done, by the server's clock. `place`
    is "lat,lon" of WGS-84, `accuracy` in metres. `meter_agrees`: whether `meter_no` is one of the
    account's; None where it has none yet. `fields` is a JSON object of texts, by the fields of the
    step's form. `signature` is a JPEG in base64.
    """

    __tablename__ = "field_visit"
    __table_args__ = (
        UniqueConstraint("worker_id", "key"),
        CheckConstraint("deed in ('complete', 'pause')", name="deed"),
        CheckConstraint("meter_agrees is null or meter_no is not null", name="meter"),
        CheckConstraint("accuracy is null or (place is not null and accuracy >= 0)", name="place"),
        Index("ix_field_visit_worker_id_done_at", "worker_id", "done_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("service_request.id"), index=True)
    worker_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    key: Mapped[str] = mapped_column(String(64))
    deed: Mapped[str] = mapped_column(String(8))
    step: Mapped[str] = mapped_column(String(32))
    refusal: Mapped[str | None] = mapped_column(String(48))
    done_at: Mapped[datetime]
    received_at: Mapped[datetime]
    place: Mapped[str | None] = mapped_column(EncryptedText("field_visit.place"))
    accuracy: Mapped[int | None]
    meter_no: Mapped[str | None] = mapped_column(String(20))
    meter_agrees: Mapped[bool | None]
    note: Mapped[str | None] = mapped_column(EncryptedText("field_visit.note"))
    fields: Mapped[str] = mapped_column(EncryptedText("field_visit.fields"))
    signer: Mapped[str | None] = mapped_column(EncryptedText("field_visit.signer"))
    signature: Mapped[str | None] = mapped_column(
        EncryptedText("field_visit.signature"), deferred=True
    )
    slip_sent_at: Mapped[datetime | None]

    photos: Mapped[list["FieldPhoto"]] = relationship(order_by="FieldPhoto.id")


class FieldPhoto(Base):
    """When and where a photo of a visit was taken; `name` is its file's (`requests.files`)."""

    __tablename__ = "field_photo"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("field_visit.id"), index=True)
    name: Mapped[str] = mapped_column(String(32), unique=True)
    taken_at: Mapped[datetime]
    place: Mapped[str | None] = mapped_column(EncryptedText("field_photo.place"))
