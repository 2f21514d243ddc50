"""Who is likely to be late, and whose usage fell."""

from alembic import op
from sqlalchemy import text

revision = "0031_insight"
down_revision = "0030_arrears"
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
