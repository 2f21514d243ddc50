"""Customers are found by name and phone through a blind index."""

revision = "0021_search"
down_revision = "0020_staff"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
