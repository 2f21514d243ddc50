"""Whose WeChat account it is that writes."""

revision = "0018_wechat"
down_revision = "0017_outages"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
