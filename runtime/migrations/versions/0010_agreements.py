"""Agreements to debit: signed, used, ended."""

revision = "0010_agreements"
down_revision = "0009_statements"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
