"""Tables of agreements to debit: who signed what for which account, and each debit under it.

Money is integer fen. What identifies a person's wallet is sealed.
"""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

import payments.models  # noqa: F401 - debits refer to the table of orders
from runtime.crypto import EncryptedText
from runtime.database import Base

LIVE = ("signing", "active")
"""States in which an account can have no second agreement."""


class Agreement(Base):
    """A customer lets us debit their wallet for one account, up to a sum each month.

    `code` is our number at the gateway. `signing` until the gateway has said that it is signed;
    `ending` from the moment somebody ended it here until the gateway has heard.
    """

    __tablename__ = "agreement"
    __table_args__ = (
        CheckConstraint("gateway in ('wechat', 'alipay')", name="gateway"),
        CheckConstraint("state in ('signing', 'active', 'ending', 'ended')", name="state"),
        CheckConstraint("limit_fen > 0", name="limit"),
        CheckConstraint(
            "ended_by in ('customer', 'gateway', 'expired', 'replaced', 'access')", name="ended_by"
        ),
        CheckConstraint(
            "state <> 'active' or (signed_at is not null and contract_no is not null)",
            name="signed",
        ),
        CheckConstraint(
            "(ended_by is not null) = (state in ('ending', 'ended'))"
            " and (ended_at is not null) = (state in ('ending', 'ended'))",
            name="ended",
        ),
        Index(
            "uq_agreement_live",
            "account_no",
            unique=True,
            postgresql_where=text("state in ('signing', 'active')"),
        ),
        Index(
            "ix_agreement_moving",
            "next_query_at",
            postgresql_where=text("state in ('signing', 'ending')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    account_no: Mapped[str] = mapped_column(ForeignKey("account.account_no"), index=True)
    gateway: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(8), default="signing")
    limit_fen: Mapped[int] = mapped_column(BigInteger)
    contract_no: Mapped[str | None] = mapped_column(EncryptedText("agreement.contract_no"))
    wallet: Mapped[str | None] = mapped_column(EncryptedText("agreement.wallet"))
    sign_url: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    next_query_at: Mapped[datetime]
    signed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(8))


class AgreementDebit(Base):
    """One attempt to debit one bill on one day.

    `planned` until its hour comes, `begun` with an order of its own, then `paid` or `failed`;
    `dropped` when there was nothing to do after all. A bill has one open attempt at most, and one
    a day that was not dropped. `amount_fen` is what was announced, then what was debited.
    """

    __tablename__ = "agreement_debit"
    __table_args__ = (
        CheckConstraint("state in ('planned', 'begun', 'paid', 'failed', 'dropped')", name="state"),
        CheckConstraint("attempt between 1 and 4", name="attempt"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("state not in ('begun', 'paid') or order_id is not null", name="ordered"),
        CheckConstraint(
            "(finished_at is not null) = (state in ('paid', 'failed', 'dropped'))",
            name="finished",
        ),
        Index(
            "uq_agreement_debit_open",
            "bill_no",
            unique=True,
            postgresql_where=text("state in ('planned', 'begun')"),
        ),
        Index(
            "uq_agreement_debit_day",
            "bill_no",
            "day",
            unique=True,
            postgresql_where=text("state <> 'dropped'"),
        ),
        Index(
            "ix_agreement_debit_waiting",
            "day",
            postgresql_where=text("state in ('planned', 'begun')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"), index=True)
    bill_no: Mapped[str] = mapped_column(String(24))
    period: Mapped[str] = mapped_column(String(7))
    attempt: Mapped[int]
    day: Mapped[date]
    state: Mapped[str] = mapped_column(String(8), default="planned")
    reason: Mapped[str | None] = mapped_column(String(16))
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("payment_order.id"), unique=True)
    announced_at: Mapped[datetime | None]
    begun_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
