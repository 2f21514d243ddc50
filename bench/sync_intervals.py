"""Meter-days a second from bytes of the feed to committed rows, over a bare COPY + upsert."""

import json
import random
from datetime import date, timedelta

from bench import _sync
from service.sync.copy_text import columns
from service.sync.kinds import MeterDayRow

METERS = 100
DAYS = 300


def main() -> None:
    """Print the result as one JSON line."""
    names = (*columns(MeterDayRow), "seq")
    key = ("meter_no", "day")
    _sync.main(_sync.Load("sync-intervals", "meter_day", key, names, _lines()))


def _lines() -> list[bytes]:
    chance = random.Random(96)  # noqa: S311 - test data
    return [
        _line(meter * DAYS + day + 1, meter, date(2026, 1, 1) + timedelta(days=day), chance)
        for meter in range(METERS)
        for day in range(DAYS)
    ]


def _line(seq: int, meter: int, day: date, chance: random.Random) -> bytes:
    data = {
        "meter_no": f"M{meter:08d}",
        "day": day.isoformat(),
        "import_wh": [chance.randint(5, 900) for _ in range(96)],
        "export_wh": None,
        "reactive_varh": None,
        "quality": None,
    }
    at = "2026-11-03T01:02:03.123456Z"
    change = {"seq": seq, "kind": "meter_day", "key": f"{meter}/{day}", "at": at, "data": data}
    return json.dumps(change, separators=(",", ":")).encode() + b"\n"


if __name__ == "__main__":
    main()
