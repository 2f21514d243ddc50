"""Notes and saved filters of the desk."""

revision = "0025_queue"
down_revision = "0024_talk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
