"""Passkeys, and what was confirmed by one."""

revision = "0013_passkeys"
down_revision = "0012_invoices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
