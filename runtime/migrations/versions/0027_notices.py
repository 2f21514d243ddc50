"""Notices: what a person is told, once, and the messages that carry it."""

from alembic import op
from sqlalchemy import text

revision = "0027_notices"
down_revision = "0026_field"
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
