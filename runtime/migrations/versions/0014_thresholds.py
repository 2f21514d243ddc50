"""How low a prepaid balance may sink before its customer is told."""

revision = "0014_thresholds"
down_revision = "0013_passkeys"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
