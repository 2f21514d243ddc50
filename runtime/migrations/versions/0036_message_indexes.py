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
    "CREATE INDEX ix_notice_params ON notice (created_at) WHERE params IS NOT NULL",
    "CREATE INDEX ix_message_recipient ON message (created_at) WHERE recipient IS NOT NULL",
    "CREATE INDEX ix_message_words ON message (created_at) WHERE words IS NOT NULL",
)
DROP = (
    "DROP INDEX ix_message_words",
    "DROP INDEX ix_message_recipient",
    "DROP INDEX ix_notice_params",
    "DROP INDEX ix_notice_paused",
    "DROP INDEX ix_notice_formal",
)


def upgrade() -> None:
    for statement in CREATE:
        op.execute(text(statement))


def downgrade() -> None:
    for statement in DROP:
        op.execute(text(statement))
