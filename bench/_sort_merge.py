"""The floor of `reconcile`: sort both files by order, then compare the amounts in one pass.

GNU sort works in bounded memory, as ours must. Run as a program with the two files; prints the
seconds and how many orders differ as JSON.
"""

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

MEMORY = "64M"
Amount = tuple[str, int]


def main(bill: str, core: str) -> None:
    """Print seconds and differences."""
    started = perf_counter()
    plain = Path(bill).with_suffix(".plain")
    with gzip.open(bill) as packed, plain.open("wb") as file:
        shutil.copyfileobj(packed, file, 1 << 20)
    left = _of_bill(_sorted(plain, 7))
    right = _of_core(_sorted(Path(core), 6))
    differ = _merged(left, right)
    print(json.dumps({"seconds": perf_counter() - started, "differ": differ}))


def _sorted(path: Path, column: int) -> Path:
    """The file, its lines in the order of one column."""
    target = path.with_suffix(".sorted")
    program = ["sort", "-t", ",", "-k", f"{column},{column}", "-S", MEMORY, "-o", target, path]
    subprocess.run(program, check=True, env=os.environ | {"LC_ALL": "C"})
    return target


def _of_bill(path: Path) -> Iterator[Amount]:
    with path.open(encoding="utf-8", newline="") as file:
        for line in file:
            row = line.split(",`")
            if len(row) > 20 and line[0] == "`":
                yield row[6], int(row[12].replace(".", ""))


def _of_core(path: Path) -> Iterator[Amount]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            row = line.split(",")
            if row[0] == "posting":
                yield row[5], int(row[3])


def _merged(left: Iterator[Amount], right: Iterator[Amount]) -> int:
    """Orders that one side lacks, or has with another amount."""
    last = ("\U0010ffff", 0)
    one, other, differ = next(left, last), next(right, last), 0
    while one is not last or other is not last:
        if one[0] == other[0]:
            differ += one[1] != other[1]
            one, other = next(left, last), next(right, last)
        elif one[0] < other[0]:
            one, differ = next(left, last), differ + 1
        else:
            other, differ = next(right, last), differ + 1
    return differ


if __name__ == "__main__":
    main(*sys.argv[1:])
