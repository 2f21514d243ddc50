"""How a request goes: its step, its clock, who has it in hand."""

revision = "0019_course"
down_revision = "0018_wechat"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
