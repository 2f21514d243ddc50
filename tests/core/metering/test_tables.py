"""CSV files of readings in their three forms."""

from datetime import date
from pathlib import Path

import pytest

from core.metering import intake
from core.metering.readings import Channel, DialReading, FileProblem, IntervalReading, Rejected
from core.metering.tables import QUARTER_COLUMNS
from tests.core.metering import feeds
from tests.core.metering.feeds import START


def rows(folder: Path, text: str) -> list:
    return list(intake.rows(feeds.write(folder, text)))


def test_a_time_without_an_offset_is_china_s(tmp_path: Path) -> None:
    text = (
        "meter_no,start,kwh\n"
        "M1,2026-11-03 08:00,0.25\n"
        "M1,2026-11-03T08:15:00+08:00,1\n"
        "M1,2026-11-03T00:30:00Z,0\n"
    )
    assert rows(tmp_path, text) == [
        IntervalReading(2, "M1", Channel.IMPORT, START, 900, 250_000_000),
        IntervalReading(3, "M1", Channel.IMPORT, START + 900, 900, 1_000_000_000),
        IntervalReading(4, "M1", Channel.IMPORT, START + 1800, 900, 0),
    ]


def test_export_and_reactive_stand_in_the_same_row(tmp_path: Path) -> None:
    text = "meter_no,start,wh,export_wh,varh,quality,minutes\nM1,2026-11-03 08:00,5,,7,E,60\n"
    assert rows(tmp_path, text) == [
        IntervalReading(2, "M1", Channel.IMPORT, START, 3600, 5_000_000, True),
        IntervalReading(2, "M1", Channel.REACTIVE, START, 3600, 7_000_000, True),
    ]


def test_the_excel_habits_are_forgiven(tmp_path: Path) -> None:
    text = "\ufeffMeter_No, Start ,KWH\r\n M1 ,2026-11-03 08:00, 0.25 \r\n\r\n,,\r\n"
    assert rows(tmp_path, text) == [
        IntervalReading(2, "M1", Channel.IMPORT, START, 900, 250_000_000)
    ]


def test_gbk_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes("meter_no,start,kwh,备注\nM1,2026-11-03 08:00,0.25,梧桐里\n".encode("gbk"))
    assert [row.uwh for row in intake.rows(path)] == [250_000_000]


def test_a_day_in_96_columns(tmp_path: Path) -> None:
    cells = ["", "0.5", "x"] + ["0.001"] * 93
    header = ",".join(["meter_no", "day", "channel", *QUARTER_COLUMNS])
    text = f"{header}\n{','.join(['M1', '2026-11-03', 'export', *cells])}\n"
    found = rows(tmp_path, text)
    assert len(found) == 95
    midnight = START - 8 * 3600
    assert found[0] == IntervalReading(2, "M1", Channel.EXPORT, midnight + 900, 900, 500_000_000)
    assert found[1] == Rejected(2, "Column 00:30: 'x' is not a number (12.25).", "x")
    assert found[-1].end == midnight + 86400


def test_dial_readings(tmp_path: Path) -> None:
    text = (
        "meter_no,day,register,kwh\n"
        "M1,2026-11-02,import,123.4567\n"
        "M1,2026-11-03,EXPORT,0\n"
        "M1,2026-11-03,import,124\n"
        "M1,2026-11-03,import,124\n"
    )
    assert rows(tmp_path, text) == [
        DialReading(2, "M1", date(2026, 11, 2), Channel.IMPORT, 123_457),
        DialReading(3, "M1", date(2026, 11, 3), Channel.EXPORT, 0),
        DialReading(4, "M1", date(2026, 11, 3), Channel.IMPORT, 124_000),
        Rejected(5, "The import dial on 2026-11-03 is already in this file.", "M1 124000 Wh"),
    ]


INTERVALS = "meter_no,start,kwh,minutes,quality"
DIALS = "meter_no,day,register,kwh"


@pytest.mark.parametrize(
    ("header", "row", "reason"),
    [
        (INTERVALS, "M1,2026-11-03 08:00,,15,V", "The row has no value."),
        (INTERVALS, "M1,2026-11-03 08:00,1", "The row has 3 cells where the header has 5."),
        (INTERVALS, "M 1,2026-11-03 08:00,1,15,V", "'M 1' is not a meter number."),
        (
            INTERVALS,
            "M1,3.11.2026,1,15,V",
            "'3.11.2026' is not a date and time (2026-11-03 08:15).",
        ),
        (INTERVALS, "M1,2026-11-03 08:00,1e3,15,V", "'1e3' is not a number (12.25)."),
        (INTERVALS, 'M1,2026-11-03 08:00,"1,5",15,V', "'1,5' is not a number (12.25)."),
        (INTERVALS, "M1,2026-11-03 08:00,NaN,15,V", "'NaN' is not a number (12.25)."),
        (
            INTERVALS,
            "M1,2026-11-03 08:00,-1,15,V",
            "The value is negative; a meter counts import and export apart.",
        ),
        (INTERVALS, "M1,2026-11-03 08:00,1,x,V", "The length 'x' is not a number of minutes."),
        (
            INTERVALS,
            "M1,2026-11-03 08:00,1,7,V",
            "An interval of 420 s is none of 300, 900, 1800, 3600 s.",
        ),
        (
            INTERVALS,
            "M1,2026-11-03 08:00,1,15,M",
            "The quality 'M' is neither V (measured) nor E (estimated).",
        ),
        (DIALS, "M1,2026-11-33,import,1", "'2026-11-33' is not a date (2026-11-03)."),
        (DIALS, "M1,2026-11-03,gas,1", "The register 'gas' is not import, export or reactive."),
        (DIALS, "M1,2026-11-03,import,", "The row has no value."),
        (
            DIALS,
            "M1,2026-11-03,import,-5",
            "The dial reading is negative; a dial counts up from zero.",
        ),
        (
            DIALS,
            "M1,2026-11-03,import,999999999999.5",
            "The dial reading has more digits than any dial.",
        ),
        (DIALS, "M1,2026-12-03,import,5", "The day 2026-12-03 is in the future."),
        (
            "meter_no,start,wh",
            "M1,2026-11-03 08:00,0.1234567",
            "0.1234567 is finer than a millionth of a Wh.",
        ),
    ],
)
def test_a_bad_row_is_refused_with_its_line(
    tmp_path: Path, header: str, row: str, reason: str
) -> None:
    [found] = rows(tmp_path, f"{header}\n{row}\n")
    assert isinstance(found, Rejected)
    assert (found.row, found.reason) == (2, reason)
    assert found.content == row.replace('"', "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a,b\n1,2\n", "The header fits none of the forms"),
        ("meter_no,start,kwh,kwh\n", "The header names a column twice."),
        ('meter_no,start,kwh\nM1,"2026', "Line 2 is not CSV: unexpected end of data."),
        ("meter_no,start,kwh\n" + "1" * 70_000, "A line is longer than 65536 characters."),
        ("PK\x03\x04", "The file is a zip archive; unpack it first."),
    ],
)
def test_a_file_that_is_no_table_of_readings(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(FileProblem, match=problem[:30].replace("(", ".")):
        rows(tmp_path, text)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"meter_no,start,kwh\n\xff\xff\xff\n")
    with pytest.raises(FileProblem, match=r"The text is neither UTF-8 nor GB18030\."):
        list(intake.rows(path))
