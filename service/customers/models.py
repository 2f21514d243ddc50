"""Tables of the desk's customers: who has opened whom and why, corrections, data handed out."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

import service.approvals  # noqa: F401 - corrections and exports refer to approvals
from runtime.crypto import EncryptedText
from runtime.database import Base


class CustomerOpening(Base):
    """A member of staff has said why they look at a customer; until then nothing more is asked.

    With `as_user_id` they see the pages of that user as the user does. The trail keeps what they
    saw; this row is only asked whether they may, and goes when its time is over.
    """

    __tablename__ = "customer_opening"
    __table_args__ = (Index("ix_customer_opening_staff", "staff_id", "account_no", "until"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    account_no: Mapped[str] = mapped_column(ForeignKey("account.account_no"))
    as_user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str] = mapped_column(EncryptedText("customer_opening.reason"))
    about: Mapped[str] = mapped_column(String(40))
    opened_at: Mapped[datetime] = mapped_column(server_default=func.now())
    until: Mapped[datetime] = mapped_column(index=True)


class Rebill(Base):
    """A bill that the core is asked to make again, because two people of the utility want it."""

    __tablename__ = "rebill"
    __table_args__ = (
        CheckConstraint("state in ('due', 'done', 'refused')", name="state"),
        CheckConstraint("(state = 'due') = (ended_at is null)", name="ended"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    approval_id: Mapped[int] = mapped_column(ForeignKey("approval.id"), unique=True)
    bill_no: Mapped[str] = mapped_column(String(24), unique=True)
    account_no: Mapped[str] = mapped_column(String(12), index=True)
    state: Mapped[str] = mapped_column(String(8), default="due")
    made: Mapped[list[str]] = mapped_column(JSONB, default=list)  # the numbers of the new bills
    refused: Mapped[str | None] = mapped_column(String(48))
    wanted_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]


class DataExport(Base):
    """A customer's data as a file, which whoever asked for it may fetch for a day.

    The file lies in `exports.folder` under `name` while it is ready.
    """

    __tablename__ = "data_export"
    __table_args__ = (
        CheckConstraint("what in ('bills', 'usage')", name="what"),
        CheckConstraint("state in ('due', 'ready', 'gone')", name="state"),
        CheckConstraint("(state = 'due') = (until is null)", name="until"),
        Index("ix_data_export_account", "account_no", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    approval_id: Mapped[int] = mapped_column(ForeignKey("approval.id"), unique=True)
    account_no: Mapped[str] = mapped_column(String(12))
    what: Mapped[str] = mapped_column(String(8))
    asked_by: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    name: Mapped[str] = mapped_column(String(48), unique=True)
    state: Mapped[str] = mapped_column(String(8), default="due")
    rows: Mapped[int] = mapped_column(default=0)
    wanted_at: Mapped[datetime] = mapped_column(server_default=func.now())
    until: Mapped[datetime | None]
