"""Refunds in parts, and approvals by a second person."""

revision = "0008_refunds"
down_revision = "0007_reversals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
