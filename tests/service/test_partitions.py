from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from runtime import migrate
from service import partitions


def _months(session: Session) -> list[str]:
    rows = session.execute(
        text(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = 'meter_day'::regclass ORDER BY 1"
        )
    )
    return list(rows.scalars())


def test_a_month_is_made_once_and_a_year_ends_in_december(session):
    before = set(_months(session))
    days = [date(2031, 12, 31), date(2031, 12, 1), date(2032, 1, 1)]
    partitions.ensure_months(session.connection(), days)
    partitions.ensure_months(session.connection(), days)
    assert set(_months(session)) - before == {"meter_day_2031_12", "meter_day_2032_01"}


def test_a_day_on_the_border_finds_its_month(session):
    partitions.ensure_months(session.connection(), [date(2031, 12, 31)])
    session.execute(
        text(
            "INSERT INTO meter_day (meter_no, day, import_wh, seq)"
            " VALUES ('M1', '2031-12-31', array_fill(1, ARRAY[96]), 1)"
        )
    )
    found = session.execute(text("SELECT tableoid::regclass::text FROM meter_day")).scalar_one()
    assert found == "meter_day_2031_12"


def test_the_tables_can_be_taken_down_and_put_up_again(scratch_database):
    url = scratch_database("service_migration")
    migrate.upgrade(url)
    migrate.downgrade(url, revision="0001_jobs")
    migrate.upgrade(url)
    assert migrate.current(url) == migrate.head()
