"""Tables of the customer service layer: people, their links, and the synced copy of the core.

The copy is written by `service/sync` alone. Money is integer fen, energy integer Wh.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from runtime.crypto import EncryptedText
from runtime.database import Base

ACCOUNT_PHONE, HOLDER_NAME = "account.phone", "account.holder_name"
"""Columns that are found by blind index, by the names of their contexts."""

# ---- people -------------------------------------------------------------------------------------


class User(Base):
    """A person who signs in. Phone numbers are found by blind index only."""

    __tablename__ = "user_account"
    __table_args__ = (
        CheckConstraint(
            "staff_role in ('agent', 'lead', 'finance', 'field', 'inspector', 'admin')",
            name="staff_role",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    phone: Mapped[str] = mapped_column(EncryptedText("user.phone"))
    phone_index: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    name: Mapped[str | None] = mapped_column(EncryptedText("user.name"))
    password_hash: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(String(8))  # zh | en; None: never chosen
    theme: Mapped[str] = mapped_column(String(8), default="system")  # system | light | dark
    elder_mode: Mapped[bool] = mapped_column(default=False)
    staff_role: Mapped[str | None] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    disabled_at: Mapped[datetime | None]


class SignInSession(Base):
    """A signed-in browser; the cookie holds the token, the table its SHA-256.

    `browser_sha256` knows the browser beyond its sign-in. `first_step` is what opened it. One of
    the utility's own people is signed in only when `two_steps_at` is set too
    (`service.people.second_step`).
    """

    __tablename__ = "sign_in_session"
    __table_args__ = (
        CheckConstraint("first_step in ('password', 'code', 'passkey')", name="first_step"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    device: Mapped[str] = mapped_column(String(200))
    browser_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    address: Mapped[str] = mapped_column(String(45))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    proved_at: Mapped[datetime | None]  # see service.people.proof
    first_step: Mapped[str | None] = mapped_column(String(8))
    two_steps_at: Mapped[datetime | None]


class OneTimeCode(Base):
    """A code sent by SMS. Only the hash is kept; it works once, for one purpose and one phone."""

    __tablename__ = "one_time_code"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16))  # see service.people.codes
    subject: Mapped[bytes] = mapped_column(LargeBinary, index=True)  # blind index of the phone
    code_hash: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]


class Attempt(Base):
    """A limited try: counted here, in the transaction that acts on it, so that it fails closed."""

    __tablename__ = "attempt"
    __table_args__ = (Index("ix_attempt_subject", "kind", "subject", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(String(24))
    subject: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class Link(Base):
    """What a user may do with an account: the one source of authority over customer data."""

    __tablename__ = "link"
    __table_args__ = (
        Index(
            "uq_link_live",
            "user_id",
            "account_no",
            unique=True,
            postgresql_where=text("ended_at is null"),
        ),
        Index(
            "ix_link_helper",
            "account_no",
            postgresql_where=text("role = 'family_helper' and ended_at is null"),
        ),
        CheckConstraint(
            "role in ('owner', 'payer', 'family_helper',"
            " 'enterprise_admin', 'enterprise_finance', 'enterprise_energy')",
            name="role",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    account_no: Mapped[str] = mapped_column(ForeignKey("account.account_no"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    alias: Mapped[str | None] = mapped_column(String(30))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


# ---- the copy of what the core says -----------------------------------------------------------


class Account(Base):
    """A supply account as the core last described it. `balance_fen` > 0 is owed, < 0 is credit.

    The balance comes as a change of its own, so it has a sequence number of its own. Name and
    phone are found by blind index; of rows older than the index a job fills it in.
    """

    __tablename__ = "account"
    __table_args__ = (
        Index("ix_account_unindexed", "account_no", postgresql_where=text("phone_index is null")),
    )

    account_no: Mapped[str] = mapped_column(String(12), primary_key=True)
    customer_no: Mapped[str | None] = mapped_column(String(20), index=True)
    holder_name: Mapped[str] = mapped_column(EncryptedText(HOLDER_NAME))
    holder_name_index: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    phone: Mapped[str] = mapped_column(EncryptedText(ACCOUNT_PHONE))
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    address: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(16))
    settlement: Mapped[str] = mapped_column(String(8))
    people: Mapped[int | None]
    low_income: Mapped[bool] = mapped_column(default=False)
    opened: Mapped[date]
    closed: Mapped[date | None]
    balance_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    balance_at: Mapped[datetime | None]
    balance_seq: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    seq: Mapped[int] = mapped_column(BigInteger, default=0)


class ServicePoint(Base):
    """A place of supply with its present tariff."""

    __tablename__ = "service_point"

    service_point_no: Mapped[str] = mapped_column(String(16), primary_key=True)
    account_no: Mapped[str] = mapped_column(String(12), index=True)
    address: Mapped[str] = mapped_column(Text)
    area: Mapped[str] = mapped_column(String(32), index=True)
    tariff: Mapped[str] = mapped_column(String(64))
    contract_kva: Mapped[int | None]
    seq: Mapped[int] = mapped_column(BigInteger, default=0)


class Meter(Base):
    """A meter at a service point."""

    __tablename__ = "meter"

    meter_no: Mapped[str] = mapped_column(String(20), primary_key=True)
    service_point_no: Mapped[str] = mapped_column(String(16), index=True)
    interval: Mapped[bool]
    installed: Mapped[date]
    removed: Mapped[date | None]
    seq: Mapped[int] = mapped_column(BigInteger, default=0)


class MeterDay(Base):
    """96 quarter-hours of one civil day in Wh, partitioned by month (`service/partitions.py`).

    `quality` is None when all are measured, else 96 letters: V measured, E estimated, M missing.
    """

    __tablename__ = "meter_day"
    __table_args__ = ({"postgresql_partition_by": "RANGE (day)"},)

    meter_no: Mapped[str] = mapped_column(String(20), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    import_wh: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    export_wh: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    reactive_varh: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    quality: Mapped[str | None] = mapped_column(String(96))
    seq: Mapped[int] = mapped_column(BigInteger, default=0)


class DailyUse(Base):
    """A day's total of a meter without quarter-hours, in Wh, from its daily registers."""

    __tablename__ = "daily_use"

    meter_no: Mapped[str] = mapped_column(String(20), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    import_wh: Mapped[int] = mapped_column(BigInteger)
    export_wh: Mapped[int] = mapped_column(BigInteger, default=0)
    quality: Mapped[str] = mapped_column(String(1), default="V")
    seq: Mapped[int] = mapped_column(BigInteger, default=0)


class Bill(Base):
    """A bill as issued by the core. `lines` and `case` are rating's (TARIFFS 9, 9.1)."""

    __tablename__ = "bill"
    __table_args__ = (
        Index("ix_bill_account_period", "account_no", "period"),
        Index(
            "ix_bill_open",
            "due",
            "account_no",
            postgresql_where=text("status = 'issued' and settled_fen < total_fen"),
        ),
    )

    bill_no: Mapped[str] = mapped_column(String(24), primary_key=True)
    account_no: Mapped[str] = mapped_column(String(12))
    service_point_no: Mapped[str] = mapped_column(String(16))
    period: Mapped[str] = mapped_column(String(7))
    revision: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(String(12))  # issued | cancelled
    from_day: Mapped[date]
    to_day: Mapped[date]
    wh: Mapped[int] = mapped_column(BigInteger)
    tariff: Mapped[str] = mapped_column(String(64))
    tariff_version: Mapped[str] = mapped_column(String(32))
    case: Mapped[dict[str, Any]] = mapped_column(JSONB)
    lines: Mapped[list[Any]] = mapped_column(JSONB)
    readings: Mapped[list[Any]] = mapped_column(JSONB)
    total_fen: Mapped[int] = mapped_column(BigInteger)
    consumption_fen: Mapped[int] = mapped_column(BigInteger)
    export_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    settled_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    estimated: Mapped[bool] = mapped_column(default=False)
    issued_at: Mapped[datetime]
    due: Mapped[date]
    settled_at: Mapped[datetime | None]
    seq: Mapped[int] = mapped_column(BigInteger, default=0)


class Posting(Base):
    """A payment the core has posted, as the customer sees it in the payment history."""

    __tablename__ = "posting"

    posting_no: Mapped[str] = mapped_column(String(24), primary_key=True)
    account_no: Mapped[str] = mapped_column(String(12), index=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    channel: Mapped[str] = mapped_column(String(16))
    order_no: Mapped[str] = mapped_column(String(64), index=True)
    paid_at: Mapped[datetime]
    posted_at: Mapped[datetime]
    allocations: Mapped[list[Any]] = mapped_column(JSONB)
    credit_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)


class Reversal(Base):
    """Money of a posting that the core took back, because it went back to who had paid it.

    `allocations` are what is owed again of each bill, and what of its late charges was given back.
    """

    __tablename__ = "reversal"
    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount"),)

    reversal_no: Mapped[str] = mapped_column(String(24), primary_key=True)
    posting_no: Mapped[str] = mapped_column(String(24), index=True)
    account_no: Mapped[str] = mapped_column(String(12), index=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(32))
    order_no: Mapped[str] = mapped_column(String(64), index=True)
    reversed_at: Mapped[datetime]
    allocations: Mapped[list[Any]] = mapped_column(JSONB, default=list)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)


class SyncCursor(Base):
    """How far a source has been read; moved in the same transaction as the rows it brought."""

    __tablename__ = "sync_cursor"

    source: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[str] = mapped_column(Text, default="")
    core_at: Mapped[datetime | None]  # when the core wrote the last change that was read
    checked_at: Mapped[datetime | None]  # when the source last answered
    caught_up_at: Mapped[datetime | None]  # when it last had nothing that we had not read
    waiting: Mapped[int] = mapped_column(BigInteger, default=0)  # changes known, not yet read


class PoisonedChange(Base):
    """A change that could not be applied, set aside with its reason while the rest goes on."""

    __tablename__ = "poisoned_change"
    __table_args__ = (UniqueConstraint("source", "position"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    source: Mapped[str] = mapped_column(String(32))
    position: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(24))
    payload: Mapped[str] = mapped_column(EncryptedText("poisoned_change.payload"))
    reason: Mapped[str] = mapped_column(Text)
    found_at: Mapped[datetime] = mapped_column(server_default=func.now())
    resolved_at: Mapped[datetime | None]
