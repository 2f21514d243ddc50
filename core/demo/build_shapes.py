"""Makes `shapes.npz` from the Green Button year files (see ATTRIBUTION.md).

Run once by hand: `python -m core.demo.build_shapes FOLDER`. It keeps the hourly Wh of each of the
four homes by local date and hour, so that a Chinese evening gets a Californian evening and not its
night. Days on which summer time begins or ends take the hour they lack from the hour before.
"""

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from core.metering import espi
from core.metering.readings import UWH_PER_WH, IntervalReading

HOMES = (
    "Coastal_Multi_Family",
    "Desert_Multi_Family",
    "Desert_Single_Family",
    "Inland_Multi_Family",
)
CALIFORNIA = ZoneInfo("America/Los_Angeles")
YEAR = 2011
TARGET = Path(__file__).with_name("shapes.npz")


def hours_of(path: Path) -> NDArray[np.uint16]:
    """Wh by day of the year and hour of the local day, 365 x 24."""
    hours = np.zeros((365, 24), np.int64)
    seen = np.zeros((365, 24), np.int64)
    for row in espi.read(path):
        if isinstance(row, IntervalReading):
            local = datetime.fromtimestamp(row.start, UTC).astimezone(CALIFORNIA)
            day = (local.date() - date(YEAR, 1, 1)).days
            hours[day, local.hour] += row.uwh // UWH_PER_WH
            seen[day, local.hour] += 1
    hours //= np.maximum(seen, 1)
    for day, hour in np.argwhere(seen == 0):
        hours[day, hour] = hours[day, hour - 1]
    return hours.astype(np.uint16)


def build(folder: Path, target: Path = TARGET) -> None:
    """Write the shapes of all four homes, 4 x 365 x 24."""
    files = [_file_of(home, folder) for home in HOMES]
    np.savez_compressed(target, homes=np.stack([hours_of(file) for file in files]))


def _file_of(home: str, folder: Path) -> Path:
    found = sorted(folder.glob(f"{home}_*.xml*"))
    if not found:
        raise SystemExit(f"There is no year file of {home} in {folder}.")
    return found[0]


if __name__ == "__main__":
    build(Path(sys.argv[1]))
