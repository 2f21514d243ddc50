"""Tables of the billing and metering core, in PostgreSQL schema `core`.

Money is integer fen, energy integer Wh, demand integer W. A debit on an account is positive: it is
what the customer owes.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from runtime.crypto import EncryptedText
from runtime.database import NAMING_CONVENTION, UtcDateTime


class Base(DeclarativeBase):
    """The core's own tables; no table of the customer side is among them."""

    metadata = MetaData(schema="core", naming_convention=NAMING_CONVENTION)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it here
        datetime: UtcDateTime(),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


class Account(Base):
    """A contract for supply with one holder."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_no: Mapped[str] = mapped_column(String(12), unique=True)
    customer_no: Mapped[str | None] = mapped_column(String(20), index=True)  # a firm's accounts
    holder_name: Mapped[str] = mapped_column(EncryptedText("core.account.holder_name"))
    phone: Mapped[str] = mapped_column(EncryptedText("core.account.phone"))
    phone_index: Mapped[bytes] = mapped_column(LargeBinary, index=True)
    address: Mapped[str] = mapped_column(Text)
    # residential | commercial | industrial | agriculture
    kind: Mapped[str] = mapped_column(String(16))
    settlement: Mapped[str] = mapped_column(String(8), default="postpaid")  # postpaid | prepaid
    people: Mapped[int | None]
    low_income: Mapped[bool] = mapped_column(default=False)
    opened: Mapped[date]
    closed: Mapped[date | None]


class ServicePoint(Base):
    """Where the grid hands over energy: an address, a tariff and the meters that measured there."""

    __tablename__ = "service_point"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    service_point_no: Mapped[str] = mapped_column(String(16), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("core.account.id"), index=True)
    address: Mapped[str] = mapped_column(Text)
    area: Mapped[str] = mapped_column(String(32), index=True)  # transformer area, for outages
    contract_kva: Mapped[int | None]


class TariffAssignment(Base):
    """Which tariff a service point is on, from which day."""

    __tablename__ = "tariff_assignment"

    service_point_id: Mapped[int] = mapped_column(
        ForeignKey("core.service_point.id"), primary_key=True
    )
    since: Mapped[date] = mapped_column(primary_key=True)
    tariff: Mapped[str] = mapped_column(String(64))


class Meter(Base):
    """A device; its interval data are meter-days, its dial readings are registers."""

    __tablename__ = "meter"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    meter_no: Mapped[str] = mapped_column(String(20), unique=True)
    service_point_id: Mapped[int] = mapped_column(ForeignKey("core.service_point.id"), index=True)
    interval: Mapped[bool] = mapped_column(default=True)  # quarter-hours; otherwise daily registers
    digits: Mapped[int] = mapped_column(default=6)  # whole kWh digits of the dial, for rollover
    installed: Mapped[date]
    removed: Mapped[date | None]


class MeterDay(Base):
    """96 quarter-hours of one civil day (Asia/Shanghai), Wh and varh. Partitioned by month.

    `quality` is None when all are measured, else 96 letters: V measured, E estimated, M missing.
    """

    __tablename__ = "meter_day"
    __table_args__ = ({"postgresql_partition_by": "RANGE (day)"},)

    meter_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    import_wh: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    export_wh: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    reactive_varh: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    quality: Mapped[str | None] = mapped_column(String(96))


class RegisterReading(Base):
    """A dial reading at the end of a civil day, in Wh (varh for `reactive`)."""

    __tablename__ = "register_reading"

    meter_id: Mapped[int] = mapped_column(ForeignKey("core.meter.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    # import | export | reactive
    register: Mapped[str] = mapped_column(String(16), primary_key=True)
    reading_wh: Mapped[int] = mapped_column(BigInteger)
    quality: Mapped[str] = mapped_column(String(1), default="V")


class IngestFile(Base):
    """A file of readings that was taken in; the hash makes a repeated file harmless."""

    __tablename__ = "ingest_file"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(String(16))
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    readings: Mapped[int]
    rejected: Mapped[int]


class RejectedReading(Base):
    """A row that was not accepted, with the reason in words."""

    __tablename__ = "rejected_reading"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("core.ingest_file.id"), index=True)
    row: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    content: Mapped[str] = mapped_column(Text)


class BillRun(Base):
    """One month's billing; it can be stopped and started again at any point.

    The three counts are those of the month, taken from the bills at the end of each run.
    """

    __tablename__ = "bill_run"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    period: Mapped[str] = mapped_column(String(7), unique=True)
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
    issued: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)


class BillFailure(Base):
    """A service point that a run could not bill, and why; gone once it is billed."""

    __tablename__ = "bill_failure"

    period: Mapped[str] = mapped_column(String(7), primary_key=True)
    service_point_id: Mapped[int] = mapped_column(
        ForeignKey("core.service_point.id"), primary_key=True
    )
    reason: Mapped[str] = mapped_column(Text)
    found_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Bill(Base):
    """What one service point used in one month and what it costs.

    `case` is the rating input and `lines` its result (rating section 9). A rebill is a new row with
    a higher revision; the old one becomes `cancelled`. The partial unique index is what keeps a
    month from being billed twice.

    Use is billed in hundredths of a kWh: `wh` is what the lines charge, a multiple of 10 Wh, and
    `used_wh` what the meters counted. What is left over is carried to the next bill.
    """

    __tablename__ = "bill"
    __table_args__ = (
        UniqueConstraint("service_point_id", "period", "revision"),
        Index(
            "uq_bill_live",
            "service_point_id",
            "period",
            unique=True,
            postgresql_where=text("status <> 'cancelled'"),
        ),
        CheckConstraint("status in ('held', 'issued', 'cancelled')", name="status"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    bill_no: Mapped[str] = mapped_column(String(24), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("core.account.id"), index=True)
    service_point_id: Mapped[int] = mapped_column(ForeignKey("core.service_point.id"))
    period: Mapped[str] = mapped_column(String(7))
    revision: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(String(12))
    from_day: Mapped[date]
    to_day: Mapped[date]
    wh: Mapped[int] = mapped_column(BigInteger)
    tariff: Mapped[str] = mapped_column(String(64))
    tariff_version: Mapped[str] = mapped_column(String(32))
    used_wh: Mapped[int] = mapped_column(BigInteger)
    export_wh: Mapped[int] = mapped_column(BigInteger, default=0)
    export_used_wh: Mapped[int] = mapped_column(BigInteger, default=0)
    case: Mapped[dict[str, Any]]
    lines: Mapped[list[Any]]
    readings: Mapped[list[Any]]  # dial readings shown on the bill: meter, register, start, end
    total_fen: Mapped[int] = mapped_column(BigInteger)
    consumption_fen: Mapped[int] = mapped_column(BigInteger)
    export_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    late_fen: Mapped[int] = mapped_column(BigInteger, default=0)  # late charges of earlier bills
    settled_fen: Mapped[int] = mapped_column(BigInteger, default=0)  # paid or credited
    estimated: Mapped[bool] = mapped_column(default=False)
    issued_at: Mapped[datetime | None]
    due: Mapped[date | None]
    settled_at: Mapped[datetime | None]


class LateCharge(Base):
    """The late charge of one part of a bill that was settled after it was due (rule 7.9).

    It is taken once: by the posting that settled the part (`taken`), or, when the money did
    not reach, as a line of a later bill (`billed_on_id`). With neither it waits for the next bill.
    When money went back, `reopened_fen` of the part is owed again and `returned_fen` of the charge
    was given back.
    """

    __tablename__ = "late_charge"
    __table_args__ = (
        CheckConstraint("reopened_fen between 0 and arrears_fen", name="reopened"),
        CheckConstraint("returned_fen between 0 and fee_fen", name="returned"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    bill_id: Mapped[int] = mapped_column(ForeignKey("core.bill.id"), index=True)
    arrears_fen: Mapped[int] = mapped_column(BigInteger)
    due: Mapped[date]
    paid: Mapped[date]
    fee_fen: Mapped[int] = mapped_column(BigInteger)
    taken: Mapped[bool] = mapped_column(default=False)  # paid when the part was settled
    billed_on_id: Mapped[int | None] = mapped_column(ForeignKey("core.bill.id"), index=True)
    reopened_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    returned_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class Anomaly(Base):
    """Why a bill is held: someone looks before it goes out."""

    __tablename__ = "anomaly"
    __table_args__ = (UniqueConstraint("bill_id", "kind"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    bill_id: Mapped[int] = mapped_column(ForeignKey("core.bill.id"), index=True)
    # sudden_rise | sudden_fall | off_last_year | zero_use
    kind: Mapped[str] = mapped_column(String(24))
    detail: Mapped[dict[str, Any]]
    found_at: Mapped[datetime] = mapped_column(server_default=func.now())
    decision: Mapped[str | None] = mapped_column(String(12))  # released | rejected
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(64))


class Posting(Base):
    """Money received for an account, posted once per idempotency key.

    `reversed_fen` of it went back; the constraint keeps more from going back than came.
    """

    __tablename__ = "posting"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("reversed_fen between 0 and amount_fen", name="reversed"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    posting_no: Mapped[str] = mapped_column(
        String(24), Computed("'P' || lpad(id::text, 12, '0')", persisted=True), unique=True
    )
    idempotency_key: Mapped[str] = mapped_column(String(64), unique=True)
    request_sha256: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[int] = mapped_column(ForeignKey("core.account.id"), index=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    channel: Mapped[str] = mapped_column(String(16))
    order_no: Mapped[str] = mapped_column(String(64), index=True)
    paid_at: Mapped[datetime]
    posted_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
    allocations: Mapped[list[Any]]  # [{"bill_no", "principal_fen", "late_fee_fen"}]
    credit_fen: Mapped[int] = mapped_column(BigInteger, default=0)  # what was left for the balance
    reversed_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class Reversal(Base):
    """Money of a posting that went back to who paid it, once per idempotency key.

    `credit_fen` of it was the account's unspent credit; `allocations` are the parts of bills that
    are owed again, and of their late charges what went back with them.
    """

    __tablename__ = "reversal"
    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    reversal_no: Mapped[str] = mapped_column(
        String(24), Computed("'R' || lpad(id::text, 12, '0')", persisted=True), unique=True
    )
    idempotency_key: Mapped[str] = mapped_column(String(64), unique=True)
    request_sha256: Mapped[str] = mapped_column(String(64))
    posting_id: Mapped[int] = mapped_column(ForeignKey("core.posting.id"), index=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(32))
    reversed_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
    credit_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    allocations: Mapped[list[Any]]  # [{"bill_no", "principal_fen", "late_fee_fen"}]


class Adjustment(Base):
    """A correction by hand, such as a goodwill credit; negative is in the customer's favour."""

    __tablename__ = "adjustment"
    __table_args__ = (CheckConstraint("amount_fen <> 0", name="amount"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    adjustment_no: Mapped[str] = mapped_column(
        String(24), Computed("'A' || lpad(id::text, 12, '0')", persisted=True), unique=True
    )
    idempotency_key: Mapped[str] = mapped_column(String(64), unique=True)
    request_sha256: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[int] = mapped_column(ForeignKey("core.account.id"), index=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[str] = mapped_column(String(64))
    booked_at: Mapped[datetime] = mapped_column(server_default=func.now())


class LedgerEntry(Base):
    """The account's ledger: a positive entry raises what is owed, the balance is the sum.

    A trigger refuses to change or delete an entry; a mistake is put right by a new one.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (UniqueConstraint("kind", "reference"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("core.account.id"), index=True)
    # bill | late_fee | late_fee_back | posting | reversal | adjustment | rebill
    kind: Mapped[str] = mapped_column(String(16))
    reference: Mapped[str] = mapped_column(String(64))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str | None] = mapped_column(Text)
    booked_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ServiceOrder(Base):
    """Work the utility does for a customer, followed by the change feed."""

    __tablename__ = "service_order"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    service_order_no: Mapped[str] = mapped_column(
        String(24), Computed("'S' || lpad(id::text, 12, '0')", persisted=True), unique=True
    )
    idempotency_key: Mapped[str] = mapped_column(String(64), unique=True)
    request_sha256: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("core.account.id"), index=True)
    kind: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(16), default="received")
    details: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Change(Base):
    """One row of the change feed. The sequence is handed out in commit order (see core/feed.py).

    `data` is `json`, not `jsonb`: it is kept as the text it came in, so that giving it out again
    costs nothing.
    """

    __tablename__ = "change"

    seq: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(String(24))
    key: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
