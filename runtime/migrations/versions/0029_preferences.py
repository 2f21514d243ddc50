"""What people want to be told, by which way, and their consent."""

from alembic import op
from sqlalchemy import text

revision = "0029_preferences"
down_revision = "0028_wordings"
branch_labels = None
depends_on = None

CREATE: tuple[str, ...] = ()
DROP: tuple[str, ...] = ()


def upgrade() -> None:
    for statement in CREATE:
        op.execute(text(statement))


def downgrade() -> None:
    for statement in DROP:
        op.execute(text(statement))
