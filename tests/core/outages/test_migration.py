"""The table of outages comes and goes by its own migration."""

import psycopg
import pytest

from runtime import migrate
from tests.core.test_migrations import tables

INSERT = """
INSERT INTO core.outage (idempotency_key, request_sha256, kind, areas, places, reason_code,
    reason, starts_at, state, ended_at)
VALUES (%s, '', %s, %s, '{}', 'fault', '故障', now(), %s, %s)
"""


def test_down_and_up_again(scratch_database) -> None:  # type: ignore[no-untyped-def]
    url, location = scratch_database("core_outages"), migrate.locations()["core"]
    migrate.upgrade(url, location)
    with psycopg.connect(url) as connection:
        connection.execute(INSERT, ("a", "unplanned", ["东-03"], "ongoing", None))
    migrate.downgrade(url, location, "0002_reversals")
    assert "outage" not in tables(url)
    migrate.upgrade(url, location)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM core.outage").fetchone() == (0,)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        (("a", "rumoured", ["东-03"], "ongoing", None), "ck_outage_kind"),
        (("a", "unplanned", [], "ongoing", None), "ck_outage_areas"),
        (("a", "unplanned", ["东-03"], "gone", None), "ck_outage_state"),
        (("a", "unplanned", ["东-03"], "restored", None), "ck_outage_ended"),
        (("a", "unplanned", ["东-03"], "ongoing", "2026-11-20"), "ck_outage_ended"),
    ],
)
def test_the_database_keeps_nonsense_out(database, values, constraint) -> None:  # type: ignore[no-untyped-def]
    with database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            driver.execute(INSERT, values)
        assert refused.value.diag.constraint_name == constraint
