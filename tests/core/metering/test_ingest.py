"""Files of readings in the database: what stands, what is refused, what the feed tells."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.metering.ingest import IngestResult, ingest
from core.models import Change, IngestFile, Meter, MeterDay, RejectedReading
from runtime.database import Database
from tests.core.builders import all_changes, create_account, create_meter, create_service_point
from tests.core.metering import feeds
from tests.core.metering.feeds import START, block, feed, meter_reading, reading, reading_type

DAY = date(2026, 11, 3)
EIGHT = 32
"""The quarter-hour that begins at 08:00."""


@pytest.fixture(autouse=True)
def meters(database: Database) -> None:
    """M1 counts quarter-hours since 2020, M2 from noon of the 3rd, D1 is read by its dial."""
    with database.unit_of_work() as session:
        point = create_service_point(session, create_account(session))
        create_meter(session, point, meter_no="M1")
        create_meter(session, point, meter_no="M2", installed=DAY)
        create_meter(session, point, meter_no="D1", interval=False)


def take(database: Database, folder: Path, text: str, **options) -> IngestResult:
    return ingest(database, feeds.write(folder, text), **options)


def day_of(session: Session, meter_no: str = "M1", day: date = DAY) -> MeterDay:
    query = select(MeterDay).join(Meter, Meter.id == MeterDay.meter_id)
    return session.scalars(query.where(Meter.meter_no == meter_no, MeterDay.day == day)).one()


def quarter_hours(*values: str, meter: str = "M1", quality: str = "V") -> str:
    rows = [
        f"{meter},2026-11-03 {8 + n // 4:02}:{n % 4 * 15:02},{value},{quality}"
        for n, value in enumerate(values)
    ]
    return "\n".join(["meter_no,start,wh,quality", *rows]) + "\n"


def test_a_day_is_stored_with_its_gaps_and_told_to_the_feed(
    database: Database, session: Session, tmp_path: Path
) -> None:
    result = take(database, tmp_path, quarter_hours("100", "200"))
    assert (result.readings, result.accepted, result.changed_days) == (2, 2, 1)
    stored = day_of(session)
    assert stored.import_wh == [0] * EIGHT + [100, 200] + [0] * 62
    assert (stored.export_wh, stored.reactive_varh) == (None, None)
    quality = "M" * EIGHT + "VV" + "M" * 62
    assert stored.quality == quality
    assert [(c["kind"], c["key"]) for c in all_changes(session)] == [("meter_day", "M1/2026-11-03")]
    assert all_changes(session)[0]["data"] == {
        "meter_no": "M1",
        "day": "2026-11-03",
        "import_wh": stored.import_wh,
        "export_wh": None,
        "reactive_varh": None,
        "quality": quality,
    }


def test_a_full_day_needs_no_letters(database: Database, session: Session, tmp_path: Path) -> None:
    readings = [reading(START - 8 * 3600 + n * 3600, 1001, 3600) for n in range(24)]
    text = feed(feeds.usage_point(), meter_reading(), reading_type(), block(*readings))
    take(database, tmp_path, text)
    stored = day_of(session)
    assert stored.quality is None
    assert sum(stored.import_wh) == 24 * 1001
    assert stored.import_wh[:4] == [250, 251, 250, 250]
    assert [sum(stored.import_wh[n : n + 4]) for n in range(0, 96, 4)] == [1001] * 24


def test_five_minute_readings_make_a_quarter_hour_only_when_whole(
    database: Database, session: Session, tmp_path: Path
) -> None:
    readings = [reading(START + n * 300, 10 + n, 300) for n in range(5)]
    text = feed(feeds.usage_point(), meter_reading(), reading_type(), block(*readings))
    result = take(database, tmp_path, text)
    assert (result.accepted, result.rejected_count) == (3, 2)
    assert {row.reason for row in result.rejected} == {
        "The import from 2026-11-03 08:15 leaves a part of its quarter-hour without a reading.",
        "The import from 2026-11-03 08:20 leaves a part of its quarter-hour without a reading.",
    }
    assert day_of(session).import_wh[EIGHT : EIGHT + 2] == [33, 0]


def test_parts_of_a_wh_are_not_lost(database: Database, session: Session, tmp_path: Path) -> None:
    take(database, tmp_path, quarter_hours("0.4", "0.4", "0.4", "0.4", "0.4"))
    assert day_of(session).import_wh[EIGHT : EIGHT + 5] == [0, 1, 0, 1, 0]


def test_a_day_of_china_begins_at_sixteen_hours_utc(
    database: Database, session: Session, tmp_path: Path
) -> None:
    text = "meter_no,start,wh\nM1,2026-11-02T15:45:00Z,1\nM1,2026-11-02T16:00:00Z,2\n"
    take(database, tmp_path, text)
    assert day_of(session, day=date(2026, 11, 2)).import_wh[95] == 1
    assert day_of(session).import_wh[0] == 2


def test_the_same_file_again_does_nothing(
    database: Database, session: Session, tmp_path: Path
) -> None:
    take(database, tmp_path, quarter_hours("100"))
    again = take(database, tmp_path, quarter_hours("100"))
    assert (again.repeated, again.changed_days) == (True, 0)
    assert session.scalar(select(func.count()).select_from(IngestFile)) == 1
    assert session.scalar(select(func.count()).select_from(Change)) == 1


def test_the_same_rows_in_another_file_change_nothing(
    database: Database, session: Session, tmp_path: Path
) -> None:
    take(database, tmp_path, quarter_hours("100"))
    again = take(database, tmp_path, quarter_hours("100") + "\n")
    assert (again.repeated, again.accepted, again.changed_days) == (False, 1, 0)
    assert session.scalar(select(func.count()).select_from(Change)) == 1


def test_another_measured_value_is_refused_unless_it_is_a_correction(
    database: Database, session: Session, tmp_path: Path
) -> None:
    take(database, tmp_path, quarter_hours("100", "200"))
    result = take(database, tmp_path, quarter_hours("101", "300", "50"))
    assert [row.reason for row in result.rejected] == [
        "The import from 2026-11-03 08:15 differs from the measured value; send it as a correction."
    ]
    assert (result.accepted, result.rejected[0].row) == (2, 3)
    assert day_of(session).import_wh[EIGHT : EIGHT + 3] == [100, 200, 50]
    session.expire_all()
    take(database, tmp_path, quarter_hours("101", "300", "50"), correction=True)
    assert day_of(session).import_wh[EIGHT : EIGHT + 3] == [100, 300, 50]


def test_measured_replaces_estimated_and_never_the_other_way(
    database: Database, session: Session, tmp_path: Path
) -> None:
    take(database, tmp_path, quarter_hours("100", "200", quality="E"))
    assert day_of(session).quality[EIGHT : EIGHT + 2] == "EE"
    session.expire_all()
    take(database, tmp_path, quarter_hours("90"))
    result = take(database, tmp_path, quarter_hours("80", "210", quality="E"), correction=True)
    assert [row.row for row in result.rejected] == [2]
    stored = day_of(session)
    assert stored.import_wh[EIGHT : EIGHT + 2] == [90, 210]
    assert stored.quality[EIGHT : EIGHT + 2] == "VE"


def test_export_may_come_later_and_fill_in(
    database: Database, session: Session, tmp_path: Path
) -> None:
    take(database, tmp_path, quarter_hours("100", "200"))
    export = "meter_no,start,export_wh,varh\nM1,2026-11-03 08:15,40,7\n"
    take(database, tmp_path, export)
    more = "meter_no,start,export_wh\nM1,2026-11-03 08:00,30\nM1,2026-11-03 08:15,41.5\n"
    result = take(database, tmp_path, more)
    assert [row.row for row in result.rejected] == [3]
    stored = day_of(session)
    assert stored.export_wh[EIGHT : EIGHT + 2] == [30, 40]
    assert stored.reactive_varh[EIGHT : EIGHT + 2] == [0, 7]
    assert stored.quality[EIGHT : EIGHT + 3] == "VVM"


def test_a_spike_is_refused_and_leaves_a_gap(
    database: Database, session: Session, tmp_path: Path
) -> None:
    result = take(database, tmp_path, quarter_hours("800", "9000", "900", "1000"))
    assert [(row.row, row.reason) for row in result.rejected] == [
        (
            3,
            "The import from 2026-11-03 08:15 is a spike, more than the connection can carry.",
        )
    ]
    stored = day_of(session)
    assert stored.import_wh[EIGHT : EIGHT + 4] == [800, 0, 900, 1000]
    assert stored.quality[EIGHT : EIGHT + 4] == "VMVV"
    session.expire_all()
    take(database, tmp_path, quarter_hours("800", "9000", "900", "1000"), correction=True)
    assert day_of(session).import_wh[EIGHT + 1] == 9000


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("X9,2026-11-03 08:00,1", "names the meter 'X9', which is not known"),
        ("D1,2026-11-03 08:00,1", "names the meter D1, which is read by its dial"),
        ("M2,2026-11-02 08:00,1", "is from before the meter M2 was fitted on 2026-11-03"),
    ],
)
def test_a_meter_that_cannot_have_measured_it(
    database: Database, session: Session, tmp_path: Path, row: str, reason: str
) -> None:
    result = take(database, tmp_path, f"meter_no,start,kwh\n{row}\n")
    start = row.split(",")[1]
    assert [refused.reason for refused in result.rejected] == [f"The import from {start} {reason}."]
    assert result.accepted == 0
    assert session.scalar(select(func.count()).select_from(MeterDay)) == 0


def test_a_refused_file_may_come_again_once_the_meter_is_known(
    database: Database, session: Session, tmp_path: Path
) -> None:
    text = "meter_no,start,kwh\nX9,2026-11-03 08:00,1\n"
    assert take(database, tmp_path, text).rejected_count == 1
    with database.unit_of_work() as work:
        point = create_service_point(work, create_account(work))
        create_meter(work, point, meter_no="X9")
    assert take(database, tmp_path, text).accepted == 1
    [file] = session.scalars(select(IngestFile))
    assert (file.readings, file.rejected) == (1, 0)
    assert session.scalar(select(func.count()).select_from(RejectedReading)) == 0


def test_refused_rows_are_kept_with_their_reason(
    database: Database, session: Session, tmp_path: Path
) -> None:
    take(database, tmp_path, "meter_no,start,kwh\nM1,never,1\n", name="october.csv")
    [file] = session.scalars(select(IngestFile))
    [row] = session.scalars(select(RejectedReading))
    assert (file.name, file.format, file.readings, file.rejected) == ("october.csv", "csv", 0, 1)
    assert (row.file_id, row.row, row.content) == (file.id, 2, "M1,never,1")
    assert row.reason == "'never' is not a date and time (2026-11-03 08:15)."


def test_on_the_day_it_is_fitted_a_meter_has_no_gap_before(
    database: Database, session: Session, tmp_path: Path
) -> None:
    take(database, tmp_path, quarter_hours("100", meter="M2"))
    stored = day_of(session, "M2")
    assert (stored.quality, sum(stored.import_wh)) == (None, 100)
    session.expire_all()
    late = "meter_no,start,wh\nM2,2026-11-03 09:00,70\n"
    assert take(database, tmp_path, late).rejected_count == 0
    assert sum(day_of(session, "M2").import_wh) == 170


def test_a_long_file_goes_in_by_batches(
    database: Database, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.metering.ingest.BATCH_DAYS", 2)
    rows = [f"M1,2026-10-{d:02} {h:02}:00,{d},60" for d in range(1, 31) for h in range(24)]
    result = take(database, tmp_path, "\n".join(["meter_no,start,wh,minutes", *rows]))
    assert (result.accepted, result.changed_days) == (720, 30)
    totals = {day.day.day: sum(day.import_wh) for day in session.scalars(select(MeterDay))}
    assert totals == {d: 24 * d for d in range(1, 31)}
