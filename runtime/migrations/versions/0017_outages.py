"""Planned and unplanned outages, as the core tells of them."""

from alembic import op
from sqlalchemy import text

revision = "0017_outages"
down_revision = "0016_requests"
branch_labels = None
depends_on = None

CREATE = (
    """
    CREATE TABLE outage (
        outage_no VARCHAR(24) NOT NULL,
        kind VARCHAR(12) NOT NULL,
        areas JSONB NOT NULL,
        places JSONB NOT NULL,
        reason_code VARCHAR(32) NOT NULL,
        reason TEXT NOT NULL,
        announced_at timestamptz NOT NULL,
        starts_at timestamptz NOT NULL,
        expected_end_at timestamptz,
        ended_at timestamptz,
        state VARCHAR(12) NOT NULL,
        updated_at timestamptz NOT NULL,
        seq BIGINT NOT NULL,
        CONSTRAINT pk_outage PRIMARY KEY (outage_no)
    )
    """,
    # Written rarely and asked on every home page: nothing is put off for a vacuum to do.
    "CREATE INDEX ix_outage_areas ON outage USING gin (areas) WITH (fastupdate = off)",
    "CREATE INDEX ix_outage_starts_at ON outage (starts_at)",
    # Whom an outage hits is asked for each that is announced.
    "CREATE INDEX ix_service_point_area ON service_point (area)",
)
DROP = ("DROP INDEX ix_service_point_area", "DROP TABLE outage")


def upgrade() -> None:
    for statement in CREATE:
        op.execute(text(statement))


def downgrade() -> None:
    for statement in DROP:
        op.execute(text(statement))
