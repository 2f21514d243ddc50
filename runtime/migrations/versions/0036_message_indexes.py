"""What a run or a night looks for among all notices and messages is found by an index."""

from alembic import op
from sqlalchemy import text

revision = "0036_message_indexes"
down_revision = "0035_browsers"
branch_labels = None
depends_on = None

CREATE = (
    "CREATE INDEX ix_notice_formal ON notice (account_no) WHERE kind = 'arrears.formal'",
    "CREATE INDEX ix_notice_paused ON notice (id) WHERE reason = 'paused'",
)
DROP = (
    "DROP INDEX ix_notice_paused",
    "DROP INDEX ix_notice_formal",
)


def upgrade() -> None:
    for statement in CREATE:
        op.execute(text(statement))


def downgrade() -> None:
    for statement in DROP:
        op.execute(text(statement))
