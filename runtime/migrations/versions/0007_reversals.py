"""Reversals of postings, as the core tells of them."""

revision = "0007_reversals"
down_revision = "0006_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
