"""Two steps to sign in for the utility's own people, and the trail of who looked at whom."""

revision = "0020_staff"
down_revision = "0019_course"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
