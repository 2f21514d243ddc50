"""Tables of payments: orders and their items, what gateways told us, what the core must post.

Money is integer fen. An order changes its state by `payments.states.advance` alone, and every
change is a row of `order_event`, which is never rewritten.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

import payments.confirmations.models
import payments.counter.models
import payments.ledger.models
import payments.reconciliation.models  # noqa: F401 - the tables of a room are known together
import service.approvals  # noqa: F401 - refunds refer to approvals, orders to users
from runtime.database import Base

REFUND_REASONS = (
    "('paid_elsewhere', 'paid_late', 'second_trade',"
    " 'wrong_account', 'paid_too_much', 'moved_out', 'bill_wrong', 'other')"
)
REFUND_STATES = "('due', 'reversing', 'at_gateway', 'done', 'stuck')"
ORDER_STATES = "('created', 'awaiting', 'paid', 'posted', 'closed', 'refunding', 'refunded')"


class Order(Base):
    """One act of paying. `order_no` is the gateway's `out_trade_no`; nobody can guess it."""

    __tablename__ = "payment_order"
    __table_args__ = (
        CheckConstraint(f"status in {ORDER_STATES}", name="status"),
        CheckConstraint("gateway in ('wechat', 'alipay', 'unionpay', 'counter')", name="gateway"),
        CheckConstraint(
            "product in ('native', 'h5', 'jsapi', 'page', 'wap', 'code', 'cash', 'contract')",
            name="product",
        ),
        CheckConstraint("purpose in ('bills', 'top_up')", name="purpose"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("refunded_fen between 0 and amount_fen", name="refunded"),
        CheckConstraint(
            "(paid_at is not null) = (status in ('paid', 'posted', 'refunding', 'refunded'))",
            name="paid",
        ),
        UniqueConstraint("user_id", "idempotency_key"),
        Index(
            "ix_payment_order_open",
            "next_query_at",
            postgresql_where=text("status in ('created', 'awaiting')"),
        ),
        Index(
            "ix_payment_order_unfinished",
            "paid_at",
            postgresql_where=text("status in ('paid', 'refunding')"),
        ),
        Index("ix_payment_order_paid_at", "paid_at", postgresql_using="brin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    order_no: Mapped[str] = mapped_column(String(32), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    status: Mapped[str] = mapped_column(String(12), default="created")
    gateway: Mapped[str] = mapped_column(String(8))
    product: Mapped[str] = mapped_column(String(8))
    purpose: Mapped[str] = mapped_column(String(8))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    idempotency_key: Mapped[str] = mapped_column(String(64))
    destination: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    close_reason: Mapped[str | None] = mapped_column(String(24))
    trade_no: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    next_query_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    posted_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    contested: Mapped[bool] = mapped_column(default=False)  # see payments.ordinary
    refunded_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    """The sum of its refunds, counted when they are decided; those of a second trade apart."""
    version: Mapped[int] = mapped_column(default=0)

    items: Mapped[list["OrderItem"]] = relationship(order_by="OrderItem.id", lazy="selectin")
    tasks: Mapped[list["PostingTask"]] = relationship(order_by="PostingTask.id")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it here


class OrderItem(Base):
    """What an order pays: a bill with its late charge, or money for an account's balance.

    `held` is true while the order may still settle the bill; the partial unique index keeps a
    bill from being in two such orders.
    """

    __tablename__ = "payment_order_item"
    __table_args__ = (
        CheckConstraint("principal_fen >= 0 and late_fen >= 0", name="parts"),
        CheckConstraint("amount_fen = principal_fen + late_fen and amount_fen > 0", name="amount"),
        Index(
            "uq_payment_order_item_held",
            "bill_no",
            unique=True,
            postgresql_where=text("held and bill_no is not null"),
        ),
        Index("ix_payment_order_item_bill", "bill_no"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("payment_order.id"), index=True)
    account_no: Mapped[str] = mapped_column(String(12), index=True)
    bill_no: Mapped[str | None] = mapped_column(String(24))
    period: Mapped[str | None] = mapped_column(String(7))
    principal_fen: Mapped[int] = mapped_column(BigInteger)
    late_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    held: Mapped[bool] = mapped_column(default=True)


class OrderEvent(Base):
    """One change of an order's state, and what brought it about. Append-only by trigger."""

    __tablename__ = "order_event"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("payment_order.id"), index=True)
    from_status: Mapped[str | None] = mapped_column(String(12))
    to_status: Mapped[str] = mapped_column(String(12))
    cause: Mapped[str] = mapped_column(String(24))
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class Callback(Base):
    """What arrived at a notify address, as it arrived, and what was made of it.

    Only a verified message has a `notification_id`, so that a forged one cannot take the place
    of the true one.
    """

    __tablename__ = "payment_callback"
    __table_args__ = (
        UniqueConstraint("gateway", "notification_id"),
        Index("ix_payment_callback_order_no", "order_no"),
        Index(
            "ix_payment_callback_refused",
            "gateway",
            "received_at",
            postgresql_where=text("notification_id is null"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    gateway: Mapped[str] = mapped_column(String(8))
    notification_id: Mapped[str | None] = mapped_column(String(128))
    order_no: Mapped[str | None] = mapped_column(String(64))
    verdict: Mapped[str] = mapped_column(String(16))
    headers: Mapped[dict[str, Any]] = mapped_column(JSONB)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    size: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PostingTask(Base):
    """Money of an order that the core must post to one account, exactly once."""

    __tablename__ = "posting_task"
    __table_args__ = (
        UniqueConstraint("order_id", "account_no"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("(posted_at is null) = (posting_no is null)", name="posted"),
        Index("ix_posting_task_account", "account_no"),
        Index("ix_posting_task_posted_at", "posted_at", postgresql_using="brin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("payment_order.id"))
    account_no: Mapped[str] = mapped_column(String(12))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    bill_nos: Mapped[list[str]] = mapped_column(JSONB)
    idempotency_key: Mapped[str] = mapped_column(String(64), unique=True)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(String(48))
    posting_no: Mapped[str | None] = mapped_column(String(24))
    posted_at: Mapped[datetime | None]


class Refund(Base):
    """Money of an order on its way back to whoever paid it. See `payments.refunds`.

    `gateway_no` is the number by which the gateway knows it: `refund_no`, unless the gateway has
    closed that one and it was asked for anew. `freed_at`: since when the money is not in the core
    any more, but with us and due to the payer. A trigger refuses a refund whose parts do not add
    up, which nobody approved, that the order does not count, or that the ledger does not know.
    """

    __tablename__ = "payment_refund"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("origin in ('automatic', 'desk')", name="origin"),
        CheckConstraint("(origin = 'desk') = (approval_id is not null)", name="approved"),
        CheckConstraint(f"reason in {REFUND_REASONS}", name="reason"),
        CheckConstraint(f"state in {REFUND_STATES}", name="state"),
        CheckConstraint("(done_at is not null) = (state = 'done')", name="done"),
        CheckConstraint(
            "state not in ('at_gateway', 'done') or freed_at is not null", name="freed"
        ),
        CheckConstraint("(trade_no is not null) = (reason = 'second_trade')", name="trade"),
        UniqueConstraint("order_id", "trade_no"),
        Index(
            "uq_payment_refund_whole",
            "order_id",
            unique=True,
            postgresql_where=text("reason in ('paid_elsewhere', 'paid_late')"),
        ),
        Index(
            "ix_payment_refund_unfinished",
            "created_at",
            postgresql_where=text("state <> 'done'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("payment_order.id"))
    refund_no: Mapped[str] = mapped_column(String(40), unique=True)
    gateway_no: Mapped[str] = mapped_column(String(40), unique=True)
    trade_no: Mapped[str | None] = mapped_column(String(64))  # of a second trade
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    origin: Mapped[str] = mapped_column(String(10), default="automatic")
    approval_id: Mapped[int | None] = mapped_column(ForeignKey("approval.id"), unique=True)
    reason: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    state: Mapped[str] = mapped_column(String(10), default="due")
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(String(48))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    freed_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]  # since when the gateway may know of `gateway_no`
    done_at: Mapped[datetime | None]

    parts: Mapped[list["RefundPart"]] = relationship(order_by="RefundPart.id", lazy="selectin")


class RefundPart(Base):
    """What of a refund the core had posted to one account, and must reverse, exactly once."""

    __tablename__ = "payment_refund_part"
    __table_args__ = (
        UniqueConstraint("refund_id", "task_id"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("(reversed_at is null) = (reversal_no is null)", name="reversed"),
        Index("ix_payment_refund_part_task", "task_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    refund_id: Mapped[int] = mapped_column(ForeignKey("payment_refund.id"))
    task_id: Mapped[int] = mapped_column(ForeignKey("posting_task.id"))
    account_no: Mapped[str] = mapped_column(String(12))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    idempotency_key: Mapped[str] = mapped_column(String(64), unique=True)
    reversal_no: Mapped[str | None] = mapped_column(String(24))
    reversed_at: Mapped[datetime | None]
