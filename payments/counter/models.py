"""Tables of the counter: codes, shifts of a drawer, cash taken and cash handed back.

Money is integer fen. Triggers (migration 0011) hold what no column can say: cash is never changed
or deleted and goes into an open shift only; a paid order of the counter has its cash; a shift
closes at what was taken, with a deposit in the books, and stays as it was closed.
"""

from datetime import datetime

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
from sqlalchemy.orm import Mapped, mapped_column

import payments.models  # noqa: F401 - cash refers to orders
import service.approvals  # noqa: F401 - and shifts to approvals
from runtime.crypto import EncryptedText
from runtime.database import Base


class CounterCode(Base):
    """A number by which an order can be paid in cash, once.

    It is found by its blind index; the number itself is sealed, for its owner's page alone.
    """

    __tablename__ = "counter_code"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("payment_order.id"), unique=True)
    code: Mapped[str] = mapped_column(EncryptedText("counter.code"))
    code_index: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Shift(Base):
    """One drawer from its opening to its count: of a member of staff, or of a machine.

    `float_fen` is the utility's own change in the drawer, which is in no books of customers'
    money. `expected_fen` is the float with what was taken and without what was handed back.
    """

    __tablename__ = "counter_shift"
    __table_args__ = (
        CheckConstraint("status in ('open', 'counting', 'waiting', 'closed')", name="status"),
        CheckConstraint("float_fen >= 0 and counted_fen >= 0", name="amounts"),
        CheckConstraint("machine = (opened_by is null)", name="opened_by"),
        CheckConstraint(
            "(status in ('open', 'counting')) = (counted_fen is null)"
            " and (counted_fen is null) = (expected_fen is null)"
            " and (counted_fen is null) = (pieces is null)"
            " and (counted_fen is null) = (counted_by is null)"
            " and (counted_fen is null) = (counted_at is null)",
            name="counted",
        ),
        CheckConstraint("(status = 'closed') = (closed_at is not null)", name="closed"),
        CheckConstraint(
            "counted_fen = expected_fen or approval_id is not null", name="difference_approved"
        ),
        Index(
            "uq_counter_shift_drawer",
            "drawer",
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
        Index(
            "uq_counter_shift_person",
            "opened_by",
            unique=True,
            postgresql_where=text("status = 'open' and opened_by is not null"),
        ),
        Index(
            "ix_counter_shift_unclosed", "opened_at", postgresql_where=text("status <> 'closed'")
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    shift_no: Mapped[str] = mapped_column(String(24), unique=True)
    drawer: Mapped[str] = mapped_column(String(16))
    machine: Mapped[bool]
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    float_fen: Mapped[int] = mapped_column(BigInteger)
    opened_at: Mapped[datetime] = mapped_column(server_default=func.now())
    status: Mapped[str] = mapped_column(String(8), default="open")
    pieces: Mapped[dict[str, int] | None] = mapped_column(JSONB(none_as_null=True))
    counted_fen: Mapped[int | None] = mapped_column(BigInteger)
    expected_fen: Mapped[int | None] = mapped_column(BigInteger)
    counted_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    counted_at: Mapped[datetime | None]
    approval_id: Mapped[int | None] = mapped_column(ForeignKey("approval.id"))
    closed_at: Mapped[datetime | None]


class Cash(Base):
    """Cash taken for an order: the receipt. Append-only; it is undone by a refund alone.

    `given_fen` is what was laid on the counter; the change is the difference to the amount.
    `taken_by` is None for a machine.
    """

    __tablename__ = "counter_cash"
    __table_args__ = (
        CheckConstraint("amount_fen > 0 and given_fen >= amount_fen", name="amounts"),
        CheckConstraint("amount_fen % 10 = 0 and given_fen % 10 = 0", name="coins"),
        UniqueConstraint("idempotency_key"),
        Index("ix_counter_cash_shift", "shift_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    receipt_no: Mapped[str] = mapped_column(String(24), unique=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("counter_shift.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("payment_order.id"), unique=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    given_fen: Mapped[int] = mapped_column(BigInteger)
    taken_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    idempotency_key: Mapped[str] = mapped_column(String(80))
    taken_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Payout(Base):
    """Cash handed back over the counter for a refund, once. Append-only."""

    __tablename__ = "counter_payout"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        Index("ix_counter_payout_shift", "shift_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    refund_no: Mapped[str] = mapped_column(String(40), unique=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("payment_order.id"))
    shift_id: Mapped[int] = mapped_column(ForeignKey("counter_shift.id"))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    paid_by: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    paid_at: Mapped[datetime] = mapped_column(server_default=func.now())
