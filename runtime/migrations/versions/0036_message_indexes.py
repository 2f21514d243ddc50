"""What a run or a night looks for among all notices and messages is found by an index.

One index less stands in the way of a run that writes down many: what waits has one already.
"""

from alembic import op
from sqlalchemy import text

revision = "0036_message_indexes"
down_revision = "0035_browsers"
branch_labels = None
depends_on = None

FORTH = (
    "DROP INDEX ix_notice_open",
    "CREATE INDEX ix_notice_composed ON notice (kind) WHERE state = 'composed'",
    "CREATE INDEX ix_notice_formal ON notice (account_no) WHERE kind = 'arrears.formal'",
    "CREATE INDEX ix_notice_paused ON notice (id) WHERE reason = 'paused'",
    "CREATE INDEX ix_notice_params ON notice (created_at) WHERE params IS NOT NULL",
    "CREATE INDEX ix_message_recipient ON message (created_at) WHERE recipient IS NOT NULL",
    "CREATE INDEX ix_message_words ON message (created_at) WHERE words IS NOT NULL",
)
BACK = (
    "DROP INDEX ix_message_words",
    "DROP INDEX ix_message_recipient",
    "DROP INDEX ix_notice_params",
    "DROP INDEX ix_notice_paused",
    "DROP INDEX ix_notice_formal",
    "DROP INDEX ix_notice_composed",
    "CREATE INDEX ix_notice_open ON notice (kind) WHERE state in ('waiting', 'composed')",
)


def upgrade() -> None:
    for statement in FORTH:
        op.execute(text(statement))


def downgrade() -> None:
    for statement in BACK:
        op.execute(text(statement))
