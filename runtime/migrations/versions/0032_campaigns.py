"""Campaigns of the desk."""

from alembic import op
from sqlalchemy import text

revision = "0032_campaigns"
down_revision = "0031_insight"
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
