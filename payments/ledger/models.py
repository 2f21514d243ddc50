"""The table of the books."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Identity, String, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from runtime.database import Base


class LedgerEntry(Base):
    """A movement of money in fen: what `debit` gets and `credit` gives.

    Both sides stand in one row, so an entry that does not balance cannot be written. A trigger
    refuses to change or delete one; constraint triggers refuse a payment, a posting or a refund
    without its entry. A kind and reference are booked once.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        UniqueConstraint("kind", "reference"),
        CheckConstraint("debit <> credit", name="two_sides"),
        CheckConstraint("amount_fen > 0", name="amount"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    reference: Mapped[str] = mapped_column(String(80))
    debit: Mapped[str] = mapped_column(String(16))
    credit: Mapped[str] = mapped_column(String(16))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    order_no: Mapped[str | None] = mapped_column(String(64), index=True)
    booked_at: Mapped[datetime] = mapped_column(server_default=func.now())
