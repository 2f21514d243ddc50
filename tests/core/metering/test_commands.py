"""The commands that write: `denghuo core ingest` and `denghuo core estimate`."""

import json
import threading
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.cli import core
from core.metering.ingest import ingest
from core.models import MeterDay
from core.partitions import ensure_month, partition_name
from runtime.database import Database
from tests.core.builders import create_account, create_meter, create_service_point
from tests.core.metering import feeds


@pytest.fixture(autouse=True)
def _named_database(database: Database, settings_env: pytest.MonkeyPatch) -> None:
    settings_env.setenv("DATABASE_URL", database.url)
    with database.unit_of_work() as session:
        point = create_service_point(session, create_account(session))
        create_meter(session, point, meter_no="M1", installed=date(2026, 11, 2))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(core, list(arguments))


def test_ingest_tells_what_became_of_the_file(tmp_path: Path) -> None:
    path = feeds.write(tmp_path, feeds.quarter_hours(5, -1))
    result = run("ingest", str(path))
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert len(told.pop("file")) == 64
    assert told == {"repeated": False, "readings": 1, "changed": 1, "rejected": 1}
    assert result.stderr.startswith("row 2: The value is negative")


def test_ingest_of_a_broken_file_leaves_the_data_alone(tmp_path: Path, session: Session) -> None:
    result = run("ingest", str(feeds.write(tmp_path, "<feed>")))
    assert result.exit_code == 1
    assert "error" in json.loads(result.stdout)
    assert session.scalars(select(MeterDay)).all() == []


def test_estimate_fills_a_month_as_far_as_told(tmp_path: Path, session: Session) -> None:
    rows = [f"M1,2026-11-{d:02} {h:02}:00,60,60" for d in range(2, 10) for h in range(24)]
    path = feeds.write(tmp_path, "\n".join(["meter_no,start,wh,minutes", *rows]))
    run("ingest", str(path))
    result = run("estimate", "2026-11", "--through", "2026-11-10")
    assert json.loads(result.stdout) == {"days": 1, "dials": 0}
    tenth = session.scalars(select(MeterDay).where(MeterDay.day == date(2026, 11, 10))).one()
    assert (tenth.import_wh, tenth.quality) == ([15] * 96, "E" * 96)


def test_a_month_that_is_none_is_said_to_be_none() -> None:
    result = run("estimate", "2026-13")
    assert (result.exit_code, "'2026-13' is not a month" in result.stderr) == (2, True)


def test_without_a_database_it_says_what_is_missing(
    tmp_path: Path, settings_env: pytest.MonkeyPatch
) -> None:
    settings_env.delenv("DATABASE_URL")
    result = run("ingest", str(feeds.write(tmp_path, feeds.quarter_hours(5))))
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "Traceback" not in result.output


def test_two_files_about_one_day_do_not_lose_each_other(
    tmp_path: Path, database: Database, session: Session
) -> None:
    starts = [feeds.START + n * 900 for n in range(8)]
    files = [
        feeds.write(tmp_path, feeds.quarter_hours(10 + n, start=start), f"file{n}")
        for n, start in enumerate(starts)
    ]
    threads = [threading.Thread(target=ingest, args=(database, file)) for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [day] = session.scalars(select(MeterDay))
    assert day.import_wh[32:40] == [10, 11, 12, 13, 14, 15, 16, 17]


def test_each_month_has_its_partition(session: Session) -> None:
    for day in (date(2031, 12, 31), date(2031, 12, 1), date(2032, 1, 1)):
        ensure_month(session, day)
    names = [partition_name(date(2031, 12, 5)), partition_name(date(2032, 1, 5))]
    assert names == ["core.meter_day_2031_12", "core.meter_day_2032_01"]
    bounds = "select pg_get_expr(relpartbound, oid) from pg_class where oid = to_regclass(:name)"
    assert [session.scalar(text(bounds), {"name": name}) for name in names] == [
        "FOR VALUES FROM ('2031-12-01') TO ('2032-01-01')",
        "FOR VALUES FROM ('2032-01-01') TO ('2032-02-01')",
    ]


def test_a_load_makes_the_partitions_it_needs(
    tmp_path: Path, database: Database, session: Session
) -> None:
    with database.unit_of_work() as work:
        point = create_service_point(work, create_account(work))
        create_meter(work, point, meter_no="M2", installed=date(2012, 1, 1))
    days = [date(2012, 2, 28) + timedelta(days=n) for n in range(4)]
    rows = [f"M2,{day} 10:00,5" for day in days]
    path = feeds.write(tmp_path, "\n".join(["meter_no,start,wh", *rows]))
    assert ingest(database, path).changed_days == 4
    assert session.scalars(select(MeterDay.day).order_by(MeterDay.day)).all() == days
