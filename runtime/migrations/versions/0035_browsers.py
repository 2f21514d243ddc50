"""Which browser a sign-in came from, so that a new one can be told of."""

from alembic import op
from sqlalchemy import text

revision = "0035_browsers"
down_revision = "0034_push"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(text("ALTER TABLE sign_in_session ADD COLUMN browser_sha256 BYTEA"))


def downgrade() -> None:
    op.execute(text("ALTER TABLE sign_in_session DROP COLUMN browser_sha256"))
