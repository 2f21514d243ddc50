"""Files of readings as the demo utility's field staff and head-end would send them."""

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from core.demo.blemishes import SPIKE_SLOT, SPIKE_WH, Blemish
from core.metering.days import Day, Quarters
from core.metering.ingest import ingest
from core.metering.tables import QUARTER_COLUMNS
from runtime.database import Database

DialRow = tuple[str, date, str, int]
"""Meter number, day, register, reading in Wh."""

Row = Sequence[object]


def send_days(database: Database, name: str, days: Iterable[tuple[str, Day, Blemish]]) -> None:
    """Take in days by meter number, each with what it lacks, as a file of quarter-hours."""
    rows: list[Row] = []
    for meter_no, day, blemish in days:
        for channel, values in (
            ("import", day.import_wh),
            ("export", day.export_wh),
            ("reactive", day.reactive_varh),
        ):
            if values is not None:
                rows.append([meter_no, day.day, channel, "wh", *_cells(values, blemish, channel)])
    _send(database, name, ["meter_no", "day", "channel", "unit", *QUARTER_COLUMNS], rows)


def send_dials(database: Database, name: str, readings: Iterable[DialRow]) -> None:
    """Take in dial readings as a file."""
    rows = [[meter_no, day, register, wh] for meter_no, day, register, wh in readings]
    _send(database, name, ["meter_no", "day", "register", "wh"], rows)


def _cells(values: Quarters, blemish: Blemish, channel: str) -> list[str]:
    cells = [str(wh) for wh in values.tolist()]
    for slot in blemish.lost:
        cells[slot] = ""
    if blemish.spike and channel == "import":
        cells[SPIKE_SLOT] = str(SPIKE_WH)
    return cells


def _send(database: Database, name: str, header: Sequence[str], rows: Sequence[Row]) -> None:
    if not rows:
        return
    with TemporaryDirectory(prefix="readings-") as folder:
        path = Path(folder) / name
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        ingest(database, path)
