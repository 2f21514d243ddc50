"""Messages of a request, its appointments, and what the customer says in the end."""

revision = "0024_talk"
down_revision = "0023_drafts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
