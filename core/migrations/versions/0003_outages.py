"""Planned and unplanned outages, by transformer area."""

revision = "0003_outages"
down_revision = "0002_reversals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
