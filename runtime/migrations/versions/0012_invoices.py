"""Electronic invoices, and the titles they are made out to."""

revision = "0012_invoices"
down_revision = "0011_counter"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
