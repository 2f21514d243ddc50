"""Forms that were not sent yet, and documents beside photos."""

revision = "0023_drafts"
down_revision = "0022_inbox"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
