"""Statements of gateways and the core, and the differences found."""

revision = "0009_statements"
down_revision = "0008_refunds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
