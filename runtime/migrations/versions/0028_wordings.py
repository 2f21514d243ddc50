"""Versions of wordings, and who approved them."""

from alembic import op
from sqlalchemy import text

revision = "0028_wordings"
down_revision = "0027_notices"
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
