"""The customer service layer: people and their links, and the synced copy of the core."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002_service"
down_revision = "0001_jobs"
branch_labels = None
depends_on = None

TABLES = (
    "sign_in_session",
    "link",
    "user_account",
    "one_time_code",
    "attempt",
    "account",
    "service_point",
    "meter",
    "meter_day",
    "daily_use",
    "bill",
    "posting",
    "sync_cursor",
    "poisoned_change",
)


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("account_no", sa.String(length=12), nullable=False),
        sa.Column("customer_no", sa.String(length=20), nullable=True),
        sa.Column("holder_name", sa.LargeBinary(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("settlement", sa.String(length=8), nullable=False),
        sa.Column("people", sa.Integer(), nullable=True),
        sa.Column("low_income", sa.Boolean(), nullable=False),
        sa.Column("opened", sa.Date(), nullable=False),
        sa.Column("closed", sa.Date(), nullable=True),
        sa.Column("balance_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("balance_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("balance_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_no", name="pk_account"),
    )
    op.create_index("ix_account_customer_no", "account", ["customer_no"])
    op.create_table(
        "attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name="pk_attempt"),
    )
    op.create_index("ix_attempt_subject", "attempt", ["kind", "subject", "at"])
    op.create_table(
        "bill",
        sa.Column("bill_no", sa.String(length=24), nullable=False),
        sa.Column("account_no", sa.String(length=12), nullable=False),
        sa.Column("service_point_no", sa.String(length=16), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date(), nullable=False),
        sa.Column("wh", sa.BigInteger(), nullable=False),
        sa.Column("tariff", sa.String(length=64), nullable=False),
        sa.Column("tariff_version", sa.String(length=32), nullable=False),
        sa.Column("case", postgresql.JSONB(), nullable=False),
        sa.Column("lines", postgresql.JSONB(), nullable=False),
        sa.Column("readings", postgresql.JSONB(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("consumption_fen", sa.BigInteger(), nullable=False),
        sa.Column("export_fen", sa.BigInteger(), nullable=False),
        sa.Column("settled_fen", sa.BigInteger(), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bill_no", name="pk_bill"),
    )
    op.create_index("ix_bill_account_period", "bill", ["account_no", "period"])
    op.create_table(
        "daily_use",
        sa.Column("meter_no", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("import_wh", sa.BigInteger(), nullable=False),
        sa.Column("export_wh", sa.BigInteger(), nullable=False),
        sa.Column("quality", sa.String(length=1), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("meter_no", "day", name="pk_daily_use"),
    )
    op.create_table(
        "meter",
        sa.Column("meter_no", sa.String(length=20), nullable=False),
        sa.Column("service_point_no", sa.String(length=16), nullable=False),
        sa.Column("interval", sa.Boolean(), nullable=False),
        sa.Column("installed", sa.Date(), nullable=False),
        sa.Column("removed", sa.Date(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("meter_no", name="pk_meter"),
    )
    op.create_index("ix_meter_service_point_no", "meter", ["service_point_no"])
    op.create_table(
        "meter_day",
        sa.Column("meter_no", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("import_wh", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("export_wh", sa.ARRAY(sa.Integer()), nullable=True),
        sa.Column("reactive_varh", sa.ARRAY(sa.Integer()), nullable=True),
        sa.Column("quality", sa.String(length=96), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("meter_no", "day", name="pk_meter_day"),
        postgresql_partition_by="RANGE (day)",
    )
    op.create_table(
        "one_time_code",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_one_time_code"),
    )
    op.create_index("ix_one_time_code_subject", "one_time_code", ["subject"])
    op.create_table(
        "poisoned_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "found_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_poisoned_change"),
        sa.UniqueConstraint("source", "position", name="uq_poisoned_change_source_position"),
    )
    op.create_table(
        "posting",
        sa.Column("posting_no", sa.String(length=24), nullable=False),
        sa.Column("account_no", sa.String(length=12), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("order_no", sa.String(length=64), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("allocations", postgresql.JSONB(), nullable=False),
        sa.Column("credit_fen", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("posting_no", name="pk_posting"),
    )
    op.create_index("ix_posting_account_no", "posting", ["account_no"])
    op.create_index("ix_posting_order_no", "posting", ["order_no"])
    op.create_table(
        "service_point",
        sa.Column("service_point_no", sa.String(length=16), nullable=False),
        sa.Column("account_no", sa.String(length=12), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("area", sa.String(length=32), nullable=False),
        sa.Column("tariff", sa.String(length=64), nullable=False),
        sa.Column("contract_kva", sa.Integer(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("service_point_no", name="pk_service_point"),
    )
    op.create_index("ix_service_point_account_no", "service_point", ["account_no"])
    op.create_table(
        "sync_cursor",
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("core_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("caught_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waiting", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_sync_cursor"),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("theme", sa.String(length=8), nullable=False),
        sa.Column("elder_mode", sa.Boolean(), nullable=False),
        sa.Column("staff_role", sa.String(length=16), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_user_account"),
        sa.UniqueConstraint("phone_index", name="uq_user_account_phone_index"),
    )
    op.create_table(
        "link",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("account_no", sa.String(length=12), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("alias", sa.String(length=30), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role in ('owner', 'payer', 'family_helper',"
            " 'enterprise_admin', 'enterprise_finance', 'enterprise_energy')",
            name="ck_link_role",
        ),
        sa.ForeignKeyConstraint(
            ["account_no"], ["account.account_no"], name="fk_link_account_no_account"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name="fk_link_user_id_user_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_link"),
    )
    op.create_index("ix_link_account_no", "link", ["account_no"])
    op.create_index(
        "uq_link_live",
        "link",
        ["user_id", "account_no"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_table(
        "sign_in_session",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "last_seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name="fk_sign_in_session_user_id_user_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_session"),
        sa.UniqueConstraint("token_sha256", name="uq_sign_in_session_token_sha256"),
    )
    op.create_index("ix_sign_in_session_user_id", "sign_in_session", ["user_id"])


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
