"""The counter: codes to pay by, shifts, cash."""

revision = "0011_counter"
down_revision = "0010_agreements"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
