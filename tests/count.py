"""`python -m tests.count FILE …`: one closing line for several runs of pytest."""

import sys
from pathlib import Path
from xml.etree.ElementTree import parse

RUNS = ("tests", "failures", "errors", "skipped")


def count(paths: list[Path]) -> dict[str, int]:
    """The sums over all reports."""
    sums = dict.fromkeys(RUNS, 0)
    for path in paths:
        for suite in parse(path).iter("testsuite"):  # noqa: S314 - written by our own pytest
            for name in RUNS:
                sums[name] += int(suite.get(name, 0))
    return sums


def main() -> int:
    """Print the line; the exit code says whether anything failed."""
    sums = count([Path(path) for path in sys.argv[1:]])
    failed = sums["failures"] + sums["errors"]
    passed = sums["tests"] - failed - sums["skipped"]
    print(f"{passed} passed, {failed} failed, {sums['skipped']} skipped")  # noqa: T201
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
