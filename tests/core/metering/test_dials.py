"""Dial readings: turn-overs, days in between, and what cannot be."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.metering.ingest import IngestResult, ingest
from core.metering.registers import advance, total_advance
from core.models import RegisterReading
from runtime.database import Database
from tests.core.builders import all_changes, create_account, create_meter, create_service_point
from tests.core.metering import feeds


@pytest.fixture(autouse=True)
def meters(database: Database) -> None:
    """D1 is read by its dial, M1 counts quarter-hours and has a dial too."""
    with database.unit_of_work() as session:
        point = create_service_point(session, create_account(session))
        create_meter(session, point, meter_no="D1", interval=False, digits=5)
        create_meter(session, point, meter_no="M1", installed=date(2026, 11, 2))


def take(database: Database, folder: Path, *rows: str, **options) -> IngestResult:
    text = "\n".join(["meter_no,day,register,kwh", *rows])
    return ingest(database, feeds.write(folder, text), **options)


def shown(session: Session, register: str = "import") -> dict[int, tuple[int, str]]:
    """Day of November to reading and quality."""
    session.expire_all()
    query = select(RegisterReading).where(RegisterReading.register == register)
    return {row.day.day: (row.reading_wh, row.quality) for row in session.scalars(query)}


def uses(session: Session) -> list[tuple[str, int, int, str]]:
    """What the feed tells of each day: day, import, export, quality."""
    data = [change["data"] for change in all_changes(session) if change["kind"] == "daily_use"]
    return [(d["day"], d["import_wh"], d["export_wh"], d["quality"]) for d in data]


def test_two_evenings_make_a_day(database: Database, session: Session, tmp_path: Path) -> None:
    result = take(database, tmp_path, "D1,2026-11-02,import,107.5", "D1,2026-11-01,import,100")
    assert (result.accepted, result.changed_days) == (2, 2)
    assert shown(session) == {1: (100_000, "V"), 2: (107_500, "V")}
    assert uses(session) == [("2026-11-02", 7_500, 0, "V")]


def test_export_stands_beside_the_import(
    database: Database, session: Session, tmp_path: Path
) -> None:
    take(
        database,
        tmp_path,
        "D1,2026-11-01,import,100",
        "D1,2026-11-02,import,101",
        "D1,2026-11-01,export,9",
        "D1,2026-11-02,export,12",
    )
    assert uses(session) == [("2026-11-02", 1_000, 3_000, "V")]


def test_missing_days_lie_on_a_straight_line(
    database: Database, session: Session, tmp_path: Path
) -> None:
    take(database, tmp_path, "D1,2026-11-01,import,100", "D1,2026-11-04,import,110")
    assert shown(session) == {
        1: (100_000, "V"),
        2: (103_333, "E"),
        3: (106_666, "E"),
        4: (110_000, "V"),
    }
    assert [use[1:] for use in uses(session)] == [(3333, 0, "E"), (3333, 0, "E"), (3334, 0, "E")]


def test_a_measured_reading_takes_the_estimate_s_place(
    database: Database, session: Session, tmp_path: Path
) -> None:
    take(database, tmp_path, "D1,2026-11-01,import,100", "D1,2026-11-04,import,110")
    before = len(uses(session))
    take(database, tmp_path, "D1,2026-11-03,import,104")
    assert shown(session) == {
        1: (100_000, "V"),
        2: (102_000, "E"),
        3: (104_000, "V"),
        4: (110_000, "V"),
    }
    assert uses(session)[before:] == [
        ("2026-11-02", 2_000, 0, "E"),
        ("2026-11-03", 2_000, 0, "E"),
        ("2026-11-04", 6_000, 0, "V"),
    ]


def test_the_dial_turns_over(database: Database, session: Session, tmp_path: Path) -> None:
    result = take(database, tmp_path, "D1,2026-11-01,import,99995", "D1,2026-11-03,import,3.5")
    assert result.rejected_count == 0
    assert shown(session) == {1: (99_995_000, "V"), 2: (99_999_250, "E"), 3: (3_500, "V")}
    assert [use[1] for use in uses(session)] == [4_250, 4_250]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (
            ["D1,2026-11-02,import,99"],
            "The reading is lower than the one before, and no turn-over.",
        ),
        (
            ["D1,2026-11-02,import,580.5"],
            "480.5 kWh in a day is more than the connection can carry.",
        ),
        (["D1,2026-11-02,import,100000"], "The dial has 5 digits of kWh and cannot show this."),
        (
            ["D1,2026-10-31,import,100.1"],
            "The reading is lower than the one before, and no turn-over.",
        ),
        (
            ["D1,2026-11-01,import,100.2"],
            "The reading differs from the measured one of that day; send it as a correction.",
        ),
        (["X9,2026-11-02,import,101"], "The meter 'X9' is not known."),
        (
            ["M1,2026-10-31,import,0"],
            "The meter was fitted on 2026-11-02, after this reading.",
        ),
    ],
)
def test_a_reading_that_cannot_be(
    database: Database, session: Session, tmp_path: Path, rows: list[str], reason: str
) -> None:
    take(database, tmp_path, "D1,2026-11-01,import,100")
    result = take(database, tmp_path, *rows)
    assert [(row.row, row.reason) for row in result.rejected] == [(2, reason)]
    assert result.accepted == 0
    assert shown(session) == {1: (100_000, "V")}


def test_a_correction_replaces_a_measured_reading(
    database: Database, session: Session, tmp_path: Path
) -> None:
    take(database, tmp_path, "D1,2026-11-01,import,100", "D1,2026-11-02,import,110")
    take(database, tmp_path, "D1,2026-11-02,import,111", correction=True)
    assert uses(session)[-1] == ("2026-11-02", 11_000, 0, "V")


def test_the_dial_of_an_interval_meter_has_no_daily_use(
    database: Database, session: Session, tmp_path: Path
) -> None:
    take(database, tmp_path, "M1,2026-11-01,import,0", "M1,2026-11-04,import,9")
    assert shown(session) == {1: (0, "V"), 4: (9_000, "V")}
    assert uses(session) == []


def test_a_day_s_load_is_the_limit_of_a_dial() -> None:
    assert advance(0, 480_000, 1).wh == 480_000
    assert advance(0, 480_001, 1).refusal is not None
    assert advance(0, 960_000, 2).wh == 960_000
    assert advance(999_999_000, 1_000, 1) == advance(999_999_000, 1_000, 1, digits=6)
    assert (advance(999_999_000, 1_000, 1).wh, advance(5, 5, 1).rolled_over) == (2_000, False)
    assert advance(999_999_000, 1_000, 1).rolled_over is True


def test_the_advance_of_a_file_leaves_out_what_cannot_be() -> None:
    day = [date(2026, 11, n) for n in range(1, 5)]
    assert total_advance({day[0]: 5_000, day[1]: 9_000, day[2]: 4_000, day[3]: 6_000}) == 6_000
    assert total_advance({day[0]: 5_000}) == 0
