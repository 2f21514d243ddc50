"""`denghuo core ingest --dry-run`: one line of JSON, no database."""

import gzip
import json
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from core.cli import core
from tests.core.metering import feeds
from tests.core.metering.feeds import START, block, feed, meter_reading, reading, reading_type


@pytest.fixture(autouse=True)
def _no_database(settings_env: pytest.MonkeyPatch) -> None:
    """Nothing names a database, so a dry run that looked for one would fail."""


def dry_run(path: Path) -> Result:
    return CliRunner().invoke(core, ["ingest", "--dry-run", str(path)])


def summary(path: Path) -> dict:
    result = dry_run(path)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout, parse_float=Decimal)


def test_hours_keep_their_exact_sum(tmp_path: Path) -> None:
    readings = [reading(START + n * 3600, 1001 + n, 3600) for n in range(3)]
    text = feed(
        feeds.usage_point(), meter_reading(), reading_type(intervalLength=3600), block(*readings)
    )
    assert summary(feeds.write(tmp_path, text)) == {
        "readings": 3,
        "kwh": Decimal("3.006"),
        "from": "2026-11-03T00:00:00Z",
        "to": "2026-11-03T03:00:00Z",
        "rejected": 0,
    }


def test_gzip_is_told_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "named-otherwise.csv"
    path.write_bytes(gzip.compress(feeds.quarter_hours(10, 20).encode()))
    found = summary(path)
    assert (found["readings"], found["kwh"]) == (2, Decimal("0.03"))


def test_refused_rows_are_counted_and_told_apart(tmp_path: Path) -> None:
    text = "meter_no,start,kwh\nM1,2026-11-03 08:00,2\nM1,2026-11-03 08:15,-1\n"
    result = dry_run(feeds.write(tmp_path, text))
    assert json.loads(result.stdout) == {
        "readings": 1,
        "kwh": 2,
        "from": "2026-11-03T00:00:00Z",
        "to": "2026-11-03T00:15:00Z",
        "rejected": 1,
    }
    assert result.stderr == (
        "row 3: The value is negative; a meter counts import and export apart.\n"
    )


def test_many_refused_rows_do_not_flood(tmp_path: Path) -> None:
    text = "meter_no,start,kwh\n" + "M1,never,1\n" * 25
    result = dry_run(feeds.write(tmp_path, text))
    assert result.stderr.splitlines()[-1] == "and 5 more rows rejected"
    assert len(result.stderr.splitlines()) == 21
    assert json.loads(result.stdout) == {
        "readings": 0,
        "kwh": 0,
        "from": None,
        "to": None,
        "rejected": 25,
    }


def test_export_and_reactive_are_told_beside_the_import(tmp_path: Path) -> None:
    text = "meter_no,start,kwh,export_kwh,kvarh\nM1,2026-11-03 08:00,1,2.5,0.125\n"
    found = summary(feeds.write(tmp_path, text))
    assert (found["kwh"], found["export_kwh"], found["kvarh"]) == (
        1,
        Decimal("2.5"),
        Decimal("0.125"),
    )


def test_dials_tell_what_they_advanced(tmp_path: Path) -> None:
    text = (
        "meter_no,day,register,kwh\n"
        "M1,2026-11-01,import,999990.5\n"
        "M1,2026-11-03,import,10\n"
        "M1,2026-11-02,import,999999\n"
        "M2,2026-11-02,import,7\n"
        "M2,2026-11-04,import,5\n"
    )
    assert summary(feeds.write(tmp_path, text)) == {
        "readings": 5,
        "kwh": Decimal("19.5"),
        "from": "2026-11-01",
        "to": "2026-11-04",
        "rejected": 0,
    }


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (feeds.quarter_hours(1)[:-9].encode(), "The XML is broken or cut off at line 1."),
        (b"", "The file is empty."),
        (
            gzip.compress(b"<feed></feed>", mtime=0)[:-9],
            "The gzip file ends too early; send it again.",
        ),
        (b"\x1f\x8b" + b"broken" * 9, "The gzip file is damaged; send it again."),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    result = dry_run(path)
    assert (result.exit_code, json.loads(result.stdout)) == (1, {"error": sentence})
    assert result.stderr == ""


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    result = dry_run(tmp_path / "nothing")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"error": f"There is no file {tmp_path / 'nothing'}."}


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    result = dry_run(tmp_path)
    assert (result.exit_code, json.loads(result.stdout)) == (
        1,
        {"error": f"The file {tmp_path} cannot be read."},
    )
