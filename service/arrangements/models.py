"""Tables of arrangements to pay: what was agreed, about which bills, in which parts."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

import service.models  # noqa: F401 - arrangements refer to users and accounts
from runtime.crypto import EncryptedText
from runtime.database import Base

LIVING = ("asked", "active")
"""The states of what is not over."""


class Arrangement(Base):
    """What a customer and the utility have agreed about bills that are not paid now.

    `kind`: promise (one part: the whole by a day) or instalments. `total_fen` is what the parts
    add up to, of it `late_fen` late charges to the day of asking. `reason` is the customer's,
    `note` what the desk answers. An account has one living arrangement at most.
    """

    __tablename__ = "arrangement"
    __table_args__ = (
        CheckConstraint("kind in ('promise', 'instalments')", name="kind"),
        CheckConstraint(
            "state in ('asked', 'active', 'kept', 'broken', 'declined', 'cancelled')", name="state"
        ),
        CheckConstraint("kind = 'instalments' or state not in ('asked', 'declined')", name="asked"),
        CheckConstraint("(state in ('asked', 'active')) = (ended_at is null)", name="ended"),
        CheckConstraint("total_fen > 0 and late_fen between 0 and total_fen", name="total"),
        CheckConstraint("(decided_by is null) or (decided_at is not null)", name="decided"),
        Index(
            "uq_arrangement_living",
            "account_no",
            unique=True,
            postgresql_where=text("state in ('asked', 'active')"),
        ),
        Index("ix_arrangement_account_no_id", "account_no", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_no: Mapped[str] = mapped_column(ForeignKey("account.account_no"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    kind: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(10))
    total_fen: Mapped[int] = mapped_column(BigInteger)
    late_fen: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str | None] = mapped_column(EncryptedText("arrangement.reason"))
    note: Mapped[str | None] = mapped_column(EncryptedText("arrangement.note"))
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None]

    bills: Mapped[list["ArrangedBill"]] = relationship(order_by="ArrangedBill.due")
    parts: Mapped[list["ArrangedPart"]] = relationship(order_by="ArrangedPart.number")


class ArrangedBill(Base):
    """A bill of an arrangement: of it `settled_fen` was paid before, `owed_fen` was not."""

    __tablename__ = "arranged_bill"
    __table_args__ = (
        CheckConstraint("owed_fen > 0", name="owed"),
        Index("ix_arranged_bill_bill_no", "bill_no"),
    )

    arrangement_id: Mapped[int] = mapped_column(ForeignKey("arrangement.id"), primary_key=True)
    bill_no: Mapped[str] = mapped_column(String(24), primary_key=True)
    due: Mapped[date]
    owed_fen: Mapped[int] = mapped_column(BigInteger)
    settled_fen: Mapped[int] = mapped_column(BigInteger)


class ArrangedPart(Base):
    """A part of an arrangement, `number` counted from 1; `paid_at` is when it was seen to be paid,
    `reminded_at` when its customer was reminded."""

    __tablename__ = "arranged_part"
    __table_args__ = (
        CheckConstraint("number > 0 and amount_fen > 0", name="amount"),
        Index(
            "ix_arranged_part_unreminded",
            "day",
            postgresql_where=text("reminded_at is null and paid_at is null"),
        ),
    )

    arrangement_id: Mapped[int] = mapped_column(ForeignKey("arrangement.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    paid_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
