"""Tables of disconnections for arrears, their warnings, and accounts that are protected."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

import service.models  # noqa: F401 - disconnections refer to users and accounts
from runtime.crypto import EncryptedText
from runtime.database import Base

LIVING = ("asked", "planned", "noticed", "due")
"""The states of what is not called off."""


class Disconnection(Base):
    """A disconnection for arrears, from the plan to the hour; what follows is the core's.

    `state`: asked (waits for a second person), planned (approved), noticed (its customer provably
    knows since `notice_told_at`), due (the hour has come and nothing stands against it), or
    called_off, `why` by code. `overdue_fen` is what was overdue when it was planned.
    """

    __tablename__ = "disconnection"
    __table_args__ = (
        CheckConstraint(
            "state in ('asked', 'planned', 'noticed', 'due', 'called_off')", name="state"
        ),
        CheckConstraint(
            "state not in ('noticed', 'due') or notice_told_at is not null", name="noticed"
        ),
        CheckConstraint(
            "state not in ('planned', 'noticed', 'due')"
            " or (approved_by is not null and approved_by <> asked_by)",
            name="second_person",
        ),
        CheckConstraint(
            "(state = 'called_off') = (ended_at is not null)"
            " and (state = 'called_off') = (why is not null)",
            name="called_off",
        ),
        CheckConstraint("overdue_fen > 0", name="overdue"),
        Index(
            "uq_disconnection_living",
            "account_no",
            unique=True,
            postgresql_where=text("state <> 'called_off'"),
        ),
        Index("ix_disconnection_account_no_id", "account_no", "id"),
        Index(
            "ix_disconnection_coming",
            "at",
            postgresql_where=text("state in ('asked', 'planned', 'noticed')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_no: Mapped[str] = mapped_column(ForeignKey("account.account_no"))
    state: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime]
    overdue_fen: Mapped[int] = mapped_column(BigInteger)
    asked_by: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    asked_at: Mapped[datetime]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    approved_at: Mapped[datetime | None]
    notice_told_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    why: Mapped[str | None] = mapped_column(String(32))
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None]


class DisconnectionWarning(Base):
    """A warning shortly before the hour that its customer provably had, since `told_at`."""

    __tablename__ = "disconnection_warning"

    disconnection_id: Mapped[int] = mapped_column(ForeignKey("disconnection.id"), primary_key=True)
    minutes_before: Mapped[int] = mapped_column(primary_key=True)
    told_at: Mapped[datetime]


class ProtectedAccount(Base):
    """An account that must not be disconnected; `reason` is a code of `protecting.REASONS`.

    It is sealed: that somebody lives by a machine is medical. `until` is the last day of it.
    """

    __tablename__ = "protected_account"

    account_no: Mapped[str] = mapped_column(ForeignKey("account.account_no"), primary_key=True)
    reason: Mapped[str] = mapped_column(EncryptedText("protected_account.reason"))
    until: Mapped[date | None]
    set_by: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    set_at: Mapped[datetime]
