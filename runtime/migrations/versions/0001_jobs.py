"""The tables and functions of the queue, as Procrastinate 3.10 ships them."""

from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy import text

revision = "0001_jobs"
down_revision = None
branch_labels = None
depends_on = None

_DROP_FUNCTIONS = """
DO $$
DECLARE
    routine regprocedure;
BEGIN
    FOR routine IN
        SELECT oid::regprocedure FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'procrastinate\\_%'
    LOOP
        EXECUTE 'DROP FUNCTION ' || routine || ' CASCADE';
    END LOOP;
END
$$
"""


def upgrade() -> None:
    op.execute(text(SchemaManager.get_schema().replace(":=", r"\:=")))


def downgrade() -> None:
    op.execute(text(_DROP_FUNCTIONS.replace("::", r"\:\:")))
    for table in ("events", "periodic_defers", "jobs", "workers"):
        op.execute(text(f"DROP TABLE procrastinate_{table}"))
    for kind in ("job_to_defer_v1", "job_event_type", "job_status"):
        op.execute(text(f"DROP TYPE procrastinate_{kind}"))
