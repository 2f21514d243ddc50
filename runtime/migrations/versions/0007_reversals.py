"""Reversals of postings, as the core tells of them."""

from alembic import op

revision = "0007_reversals"
down_revision = "0006_ledger"
branch_labels = None
depends_on = None

CREATE = """
CREATE TABLE reversal (
    reversal_no VARCHAR(24) NOT NULL,
    posting_no VARCHAR(24) NOT NULL,
    account_no VARCHAR(12) NOT NULL,
    amount_fen BIGINT NOT NULL,
    reason VARCHAR(32) NOT NULL,
    order_no VARCHAR(64) NOT NULL,
    reversed_at TIMESTAMPTZ NOT NULL,
    allocations JSONB NOT NULL,
    seq BIGINT NOT NULL,
    CONSTRAINT pk_reversal PRIMARY KEY (reversal_no),
    CONSTRAINT ck_reversal_amount CHECK (amount_fen > 0)
);
CREATE INDEX ix_reversal_posting_no ON reversal (posting_no);
CREATE INDEX ix_reversal_account_no ON reversal (account_no);
CREATE INDEX ix_reversal_order_no ON reversal (order_no);
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(CREATE)


def downgrade() -> None:
    op.drop_table("reversal")
