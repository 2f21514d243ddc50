"""What customers, the assistant and the desk say to each other."""

revision = "0015_conversations"
down_revision = "0014_thresholds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
