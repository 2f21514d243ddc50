"""What field staff send from a phone, once."""

revision = "0026_field"
down_revision = "0025_queue"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
