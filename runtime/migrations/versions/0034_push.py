"""Browsers that want to be told."""

from alembic import op
from sqlalchemy import text

revision = "0034_push"
down_revision = "0033_arrangements"
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
