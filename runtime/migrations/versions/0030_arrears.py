"""Runs of the arrears ladder."""

from alembic import op
from sqlalchemy import text

revision = "0030_arrears"
down_revision = "0029_preferences"
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
