"""Planned and unplanned outages, as the core tells of them."""

revision = "0017_outages"
down_revision = "0016_requests"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
