"""Tables of confirmations: what was confirmed, with what, and for which order."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, LargeBinary, String, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

import service.people.models  # noqa: F401 - confirmations refer to passkeys
from runtime.database import Base


class Confirmation(Base):
    """Somebody has shown that it is they who pay exactly this.

    `subject` is the digest of the order to come (`Intent.subject`). A confirmation belongs to at
    most one order, and an order has at most one.
    """

    __tablename__ = "payment_confirmation"
    __table_args__ = (
        CheckConstraint("means in ('sms', 'passkey')", name="means"),
        CheckConstraint("(means = 'passkey') = (passkey_id is not null)", name="passkey"),
        CheckConstraint("amount_fen > 0", name="amount"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    means: Mapped[str] = mapped_column(String(8))
    passkey_id: Mapped[int | None] = mapped_column(ForeignKey("passkey.id"))
    subject: Mapped[bytes] = mapped_column(LargeBinary)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    account_nos: Mapped[list[Any]] = mapped_column(JSONB)
    confirmed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    order_id: Mapped[int | None] = mapped_column(ForeignKey("payment_order.id"), unique=True)


class ConfirmationLimit(Base):
    """The sum above which a customer wants to be asked, when lower than the house's own."""

    __tablename__ = "payment_confirmation_limit"
    __table_args__ = (CheckConstraint("over_fen >= 0", name="over"),)

    user_id: Mapped[int] = mapped_column(
        ForeignKey("user_account.id"), primary_key=True, autoincrement=False
    )
    over_fen: Mapped[int] = mapped_column(BigInteger)
