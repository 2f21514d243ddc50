"""Tables of invoices: titles, invoices, and which bill is on which."""

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
from sqlalchemy.orm import Mapped, mapped_column, relationship

import service.models  # noqa: F401 - titles refer to the table of users
from runtime.crypto import EncryptedText
from runtime.database import Base

TITLE_NAME = "invoice.title_name"


class InvoiceTitle(Base):
    """To whom a user's invoices are made out (抬头). One is removed, never rewritten."""

    __tablename__ = "invoice_title"
    __table_args__ = (
        CheckConstraint("kind in ('personal', 'enterprise')", name="kind"),
        CheckConstraint("(kind = 'enterprise') = (tax_no is not null)", name="tax_no"),
        Index(
            "uq_invoice_title_preferred",
            "user_id",
            unique=True,
            postgresql_where=text("preferred and removed_at is null"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(EncryptedText(TITLE_NAME))
    tax_no: Mapped[str | None] = mapped_column(String(18))
    preferred: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    removed_at: Mapped[datetime | None]


class Invoice(Base):
    """One invoice, blue or red. Money in fen, tax included; a red one is as large as its blue one.

    The platform knows it by `request_no`, so that asking twice issues once. The title is copied:
    what was issued does not change when the customer's titles do.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        CheckConstraint("state in ('asked', 'sent', 'issued', 'refused')", name="state"),
        CheckConstraint("form in ('ordinary', 'special')", name="form"),
        CheckConstraint("title_kind in ('personal', 'enterprise')", name="title_kind"),
        CheckConstraint("form = 'ordinary' or title_kind = 'enterprise'", name="special"),
        CheckConstraint("amount_fen > 0 and tax_fen >= 0 and tax_fen < amount_fen", name="amount"),
        CheckConstraint(
            "(state = 'issued') = (invoice_no is not null and issued_at is not null"
            " and pdf is not null and xml is not null)",
            name="issued",
        ),
        UniqueConstraint("user_id", "idempotency_key"),
        Index(
            "ix_invoice_waiting",
            "created_at",
            postgresql_where=text("state in ('asked', 'sent')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    request_no: Mapped[str] = mapped_column(String(32), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    account_no: Mapped[str] = mapped_column(String(12), index=True)
    red_of: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), unique=True)
    form: Mapped[str] = mapped_column(String(8))
    title_kind: Mapped[str] = mapped_column(String(12))
    title_name: Mapped[str] = mapped_column(EncryptedText(TITLE_NAME))
    tax_no: Mapped[str | None] = mapped_column(String(18))
    email: Mapped[str | None] = mapped_column(EncryptedText("invoice.email"))
    language: Mapped[str] = mapped_column(String(8))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    tax_fen: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str | None] = mapped_column(String(24))  # of a red one; or why it was refused
    state: Mapped[str] = mapped_column(String(8), default="asked")
    idempotency_key: Mapped[str] = mapped_column(String(64))
    invoice_no: Mapped[str | None] = mapped_column(String(20), unique=True)
    pdf: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    xml: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    issued_at: Mapped[datetime | None]

    lines: Mapped[list["InvoiceLine"]] = relationship(order_by="InvoiceLine.id", lazy="selectin")


class InvoiceLine(Base):
    """A bill on an invoice. `live` until the invoice is taken back in red, or was refused; the
    partial unique index keeps a bill from standing on two invoices."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        CheckConstraint("amount_fen > 0 and tax_fen >= 0", name="amount"),
        Index(
            "uq_invoice_line_live",
            "bill_no",
            unique=True,
            postgresql_where=text("live"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), index=True)
    bill_no: Mapped[str] = mapped_column(String(24))
    period: Mapped[str] = mapped_column(String(7))
    wh: Mapped[int] = mapped_column(BigInteger)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    tax_fen: Mapped[int] = mapped_column(BigInteger)
    live: Mapped[bool] = mapped_column(default=True)
