"""What customers ask the utility to do, and how far it is."""

revision = "0016_requests"
down_revision = "0015_conversations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
