"""Tables of low balances: who wants to be told, and what they were told."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

import service.models  # noqa: F401 - they refer to users and accounts
from runtime.database import Base


class BalanceThreshold(Base):
    """A user wants to be told when what is left on an account is less than `below_fen`."""

    __tablename__ = "balance_threshold"
    __table_args__ = (
        UniqueConstraint("user_id", "account_no"),
        CheckConstraint("below_fen > 0", name="below"),
        Index("ix_balance_threshold_account_no", "account_no"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    account_no: Mapped[str] = mapped_column(ForeignKey("account.account_no"))
    below_fen: Mapped[int] = mapped_column(BigInteger)
    set_at: Mapped[datetime] = mapped_column(server_default=func.now())


class LowBalance(Base):
    """A balance sank below its user's threshold, and had `balance_fen` left.

    While it has not risen again (`risen_at`) there is no second one: the partial unique index
    keeps the message about it from being sent twice. `told` is false when it was low already at
    the moment at which the threshold was set.
    """

    __tablename__ = "low_balance"
    __table_args__ = (
        Index(
            "uq_low_balance_now",
            "user_id",
            "account_no",
            unique=True,
            postgresql_where=text("risen_at is null"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    account_no: Mapped[str] = mapped_column(ForeignKey("account.account_no"))
    below_fen: Mapped[int] = mapped_column(BigInteger)
    balance_fen: Mapped[int] = mapped_column(BigInteger)
    told: Mapped[bool]
    sunk_at: Mapped[datetime] = mapped_column(server_default=func.now())
    risen_at: Mapped[datetime | None]
