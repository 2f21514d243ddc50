"""What customers are told in the portal itself, and the outages they want to hear of."""

revision = "0022_inbox"
down_revision = "0021_search"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
